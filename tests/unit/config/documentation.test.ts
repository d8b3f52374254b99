import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { namedSettings } from '../../../src/config/settings.ts';
import { variableOf } from '../../../src/config/setting.ts';
import { renderEnvExample, renderKeyTables } from '../../helpers/config-documentation.ts';

const ENV_EXAMPLE = new URL('../../../.env.example', import.meta.url);
const DOCUMENT = new URL('../../../docs/configuration.md', import.meta.url);

// UPDATE_DOCS=1 in the environment of this test writes both files anew.
describe('the documentation of the configuration', () => {
  it('lists in .env.example exactly the settings that exist', () => {
    expectFile(ENV_EXAMPLE, () => renderEnvExample());
  });

  it('lists in docs/configuration.md exactly the settings that exist', () => {
    expectFile(DOCUMENT, (text) =>
      text.replace(
        /(<!-- keys: [^\n]*\n)[^]*(<!-- end of keys -->)/,
        (_section, start: string, end: string) => `${start}\n${renderKeyTables()}\n\n${end}`,
      ),
    );
  });

  it('names every setting in both', () => {
    for (const [, { key }] of namedSettings()) {
      expect(readFileSync(ENV_EXAMPLE, 'utf8')).toContain(`#${variableOf(key)}=\n`);
      expect(readFileSync(DOCUMENT, 'utf8')).toContain(`| \`${key}\` |`);
    }
  });
});

function expectFile(file: URL, render: (text: string) => string): void {
  const text = readIfThere(file);
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, render(text));
  else expect(text).toBe(render(text));
}

function readIfThere(file: URL): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

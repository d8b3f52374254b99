import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

/** Is loaded by Node for other files, in projects that are installed. */
const LOADED_LATER = 'lib/ts-hooks.mjs';

describe('the scripts of a fresh clone', () => {
  it('are loaded before any package is installed, so that none is imported at the top of a file', () => {
    const files = readdirSync('scripts', { recursive: true, encoding: 'utf8' }).filter(
      (path) => path.endsWith('.mjs') && path !== LOADED_LATER,
    );
    const imports = files.flatMap((path) =>
      [...readFileSync(`scripts/${path}`, 'utf8').matchAll(/^(?:import|export) .*?from '([^']+)'/gms)].map(
        ([, from]) => `${path}: ${from ?? ''}`,
      ),
    );
    expect(imports.length).toBeGreaterThan(10);
    expect(imports.filter((text) => !/: (?:node:|\.)/.test(text))).toEqual([]);
  });
});

import { fileKeyOf, flagOf, variableOf } from '../../src/config/setting.ts';
import type { Setting } from '../../src/config/setting.ts';
import { SETTING_GROUPS } from '../../src/config/settings.ts';

/** What `.env.example` must contain. */
export function renderEnvExample(): string {
  const head = [
    '# Every setting as an environment variable; docs/configuration.md says more.',
    '# The environment overrides labcontroller.conf, and flags override the environment. An empty value counts as unset.',
  ];
  const groups = SETTING_GROUPS.map(({ title, settings }) =>
    [`## ${title}`, ...settings.map(exampleOf)].join('\n\n'),
  );
  return `${[head.join('\n'), ...groups].join('\n\n')}\n`;
}

/** The tables of all keys that `docs/configuration.md` must contain. */
export function renderKeyTables(): string {
  return SETTING_GROUPS.map(({ title, settings }) =>
    [
      `### ${title}`,
      '',
      '| key | type | default | read by | flag | meaning |',
      '| --- | --- | --- | --- | --- | --- |',
      ...settings.map(rowOf),
    ].join('\n'),
  ).join('\n\n');
}

function exampleOf(setting: Setting): string {
  const { key, description, kind } = setting;
  const fileKey = fileKeyOf(setting);
  return [
    `# ${description}`,
    `# Expected: ${kind.expected.replaceAll('`', '')}. Default: ${setting.default.text}.`,
    ...(fileKey === undefined ? [] : [`# Or the name of a file with it: ${variableOf(fileKey)}.`]),
    `#${variableOf(key)}=`,
  ].join('\n');
}

function rowOf(setting: Setting): string {
  const { key, description, kind, roles } = setting;
  const flag = flagOf(setting);
  const type = kind.choices === undefined ? kind.type : kind.choices.map((word) => `\`${word}\``).join(', ');
  const cells = [
    `\`${key}\``,
    kind.isSecret && kind.type !== 'secret' ? `${type}, secret` : type,
    setting.default.text,
    roles.join(', '),
    flag === undefined ? '–' : `\`--${flag}\``,
    description,
  ];
  return `| ${cells.join(' | ')} |`;
}

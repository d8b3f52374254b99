import type { LoadedConfig } from './config.ts';
import { namedSettings } from './settings.ts';

/** A table of all settings for people: key, value without secrets, and where the value came from. */
export function renderConfig({ config, origins }: LoadedConfig): string {
  const rows = namedSettings().map(([name, { key, kind }]) => {
    const value = config[name];
    const shown = value === undefined ? '' : kind.show(value);
    return [key, shown === '' ? '–' : shown, origins[name]] as const;
  });
  const table = [['KEY', 'VALUE', 'FROM'] as const, ...rows];
  const keyWidth = Math.max(...table.map(([key]) => key.length));
  const valueWidth = Math.min(60, Math.max(...table.map(([, value]) => value.length)));
  return table
    .map(([key, value, from]) => `${key.padEnd(keyWidth)}  ${value.padEnd(valueWidth)}  ${from}`)
    .join('\n');
}

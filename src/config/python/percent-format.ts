import { ConfSyntaxError } from './conf-value.ts';
import type { ConfValue } from './conf-value.ts';

/**
 * Python's `template % values` for `%s`, `%d` and `%%`.
 * @throws ConfSyntaxError for other conversions, and when the number or the type of the values does not fit.
 */
export function percentFormat(template: string, values: readonly ConfValue[], line: number): string {
  let used = 0;
  const text = template.replaceAll(/%([^]?)/g, (_conversion, letter: string) => {
    if (letter === '%') return '%';
    if (letter !== 's' && letter !== 'd') throw new ConfSyntaxError(line, '%s, %d or %%', `another use of %`);
    const value = values[used];
    used += 1;
    if (value === undefined) throw wrongCount(line, template, values);
    return letter === 's' ? textOf(value, line) : wholeNumberOf(value, line);
  });
  if (used !== values.length) throw wrongCount(line, template, values);
  return text;
}

function textOf(value: ConfValue, line: number): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  throw new ConfSyntaxError(line, 'text or a number for %s', 'a list or a dict');
}

function wholeNumberOf(value: ConfValue, line: number): string {
  if (typeof value === 'number') return String(Math.trunc(value));
  throw new ConfSyntaxError(line, 'a number for %d', 'something else');
}

function wrongCount(line: number, template: string, values: readonly ConfValue[]): ConfSyntaxError {
  const wanted = template.replaceAll('%%', '').split('%').length - 1;
  return new ConfSyntaxError(line, `${wanted} value(s) after %`, String(values.length));
}

import { LineSink } from '../logging/line-sink.ts';
import { printableText } from '../printable.ts';

/** Writes each problem to standard error, as text that does nothing to a terminal. */
export function complain(problems: readonly string[]): void {
  say(problems.map((problem) => `beaker-provision: ${problem}`));
}

/** Writes the lines to standard error. What cannot be written is left: there is no other place to say so. */
export function say(lines: readonly string[]): void {
  const sink = new LineSink({ descriptor: 2, lossLine: () => '' });
  for (const line of lines) sink.write(`${printableText(line)}\n`);
  sink.close();
}

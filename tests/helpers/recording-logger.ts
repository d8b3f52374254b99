import type { Logger } from '../../src/logger.ts';

/** A logged line. */
export interface LogLine {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly event: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** A logger that keeps what is logged in `lines`. */
export function recordingLogger(lines: LogLine[], always: object = {}): Logger {
  const at =
    (level: LogLine['level']) =>
    (event: string, facts: object = {}): void =>
      void lines.push({ level, event, facts: { ...always, ...facts } });
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    child: (facts) => recordingLogger(lines, { ...always, ...facts }),
  };
}

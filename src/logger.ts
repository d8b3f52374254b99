import winston from 'winston';
import type { Secret } from './secret.ts';

/** The part of a logger that this project uses: an event in few words, and its facts. */
export interface Logger {
  error(event: string, facts?: object): void;
  warn(event: string, facts?: object): void;
  info(event: string, facts?: object): void;
  debug(event: string, facts?: object): void;
  /** A logger that adds `facts` to every line. */
  child(facts: object): Logger;
}

export interface LoggerOptions {
  /** Least severe level that is written. */
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly format: 'text' | 'json';
  /** Values that must never appear in a line, wherever they come from. */
  readonly secrets?: readonly Secret[];
  /** Where lines go; standard error unless given. */
  readonly stream?: NodeJS.WritableStream;
}

/** A logger that writes one line an event and masks secrets: by key (`password`, `token`, …) and by value. */
export function createLogger({
  level,
  format,
  secrets = [],
  stream = process.stderr,
}: LoggerOptions): Logger {
  const shape = format === 'json' ? jsonLine : textLine;
  const logger = winston.createLogger({
    level,
    format: winston.format.combine(
      winston.format.timestamp(),
      winston.format.printf(({ timestamp, level: ofLine, message, facts }) => {
        const clean = hideSecrets({ ...(facts as object) }, secrets);
        return shape(
          { time: String(timestamp), level: ofLine, event: maskAll(String(message), secrets) },
          clean,
        );
      }),
    ),
    transports: [new winston.transports.Stream({ stream, eol: '\n' })],
  });
  return bind(logger, {});
}

/** Facts go as one member, so that none is taken for a part of the line itself (`message`, `level`). */
function bind(logger: winston.Logger, bound: object): Logger {
  const write =
    (level: LoggerOptions['level']) =>
    (event: string, facts: object = {}): void => {
      // Winston itself makes the whole line before it finds that nobody wants it.
      if (logger.isLevelEnabled(level)) logger.log({ level, message: event, facts: { ...bound, ...facts } });
    };
  return {
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    child: (facts) => bind(logger, { ...bound, ...facts }),
  };
}

interface Head {
  readonly time: string;
  readonly level: string;
  readonly event: string;
}

function jsonLine(head: Head, facts: object): string {
  return JSON.stringify({ ...head, ...facts, ...head });
}

function textLine({ time, level, event }: Head, facts: object): string {
  const rest = Object.entries(facts)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${textValue(value)}`);
  return [time, level.toUpperCase().padEnd(5), event, ...rest].join(' ');
}

function textValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}

const SECRET_KEY = /passw|secret|token|credential|authorization|cookie/i;

/** The facts as plain JSON values without secrets. Strings are masked before they are quoted: quoting changes them. */
function hideSecrets(facts: object, secrets: readonly Secret[]): object {
  const hide = (value: unknown): unknown => {
    if (typeof value === 'string') return maskAll(value, secrets);
    if (Array.isArray(value)) return value.map(hide);
    return typeof value === 'object' && value !== null ? hideMembers(value) : value;
  };
  const hideMembers = (members: object): object =>
    Object.fromEntries(
      Object.entries(members).map(([key, value]: [string, unknown]) => [
        maskAll(key, secrets),
        SECRET_KEY.test(key) && value !== null ? '[redacted]' : hide(value),
      ]),
    );
  return hideMembers(JSON.parse(JSON.stringify(facts)) as object);
}

function maskAll(text: string, secrets: readonly Secret[]): string {
  return secrets.reduce((masked, secret) => secret.mask(masked), text);
}

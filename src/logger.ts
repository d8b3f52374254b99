import winston from 'winston';
import { Secret } from './secret.ts';

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
  const mask = (line: string): string => secrets.reduce((text, secret) => secret.mask(text), line);
  const shape = format === 'json' ? jsonLine : textLine;
  return winston.createLogger({
    level,
    format: winston.format.combine(
      winston.format.timestamp(),
      winston.format.printf((info) => mask(shape(info))),
    ),
    transports: [new winston.transports.Stream({ stream, eol: '\n' })],
  });
}

type Line = winston.Logform.TransformableInfo;

const SECRET_KEY = /passw|secret|token|credential|authorization|cookie/i;

function jsonLine(info: Line): string {
  const { timestamp, level, message, ...facts } = info;
  return JSON.stringify({ time: timestamp, level, event: message, ...facts }, hideSecrets);
}

function textLine(info: Line): string {
  const { timestamp, level, message, ...facts } = info;
  const rest = Object.entries(facts)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${textValue(hideSecrets(key, value))}`);
  return [String(timestamp), level.toUpperCase().padEnd(5), String(message), ...rest].join(' ');
}

function textValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value, hideSecrets);
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}

function hideSecrets(key: string, value: unknown): unknown {
  if (value instanceof Secret) return value.toString();
  return SECRET_KEY.test(key) && typeof value === 'string' ? '[redacted]' : value;
}

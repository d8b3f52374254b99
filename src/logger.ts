import { Writable } from 'node:stream';
import winston from 'winston';
import { cleanFacts } from './logging/clean-facts.ts';
import { cutText } from './logging/cut-text.ts';
import { LineSink } from './logging/line-sink.ts';
import { type Line, Repeats } from './logging/repeats.ts';
import { isPrintable, printable } from './printable.ts';
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
  /** Milliseconds between two lines about a warning that comes again and again; a minute unless given. */
  readonly repeatedEveryMs?: number;
}

const MAX_EVENT = 500;
const REPEATED_EVERY_MS = 60_000;

/**
 * A logger that writes one line an event, masks secrets by key (`password`, `token`, …) and by value, cuts what is long, counts warnings that
 * come again and again, and writes no character that steers a terminal. It never throws and never waits for who reads it.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { level, format, secrets = [], repeatedEveryMs: everyMs = REPEATED_EVERY_MS } = options;
  const shape = format === 'json' ? jsonLine : textLine;
  const stream = options.stream ?? standardError(shape);
  const logger = winston.createLogger({
    level,
    format: winston.format.combine(
      winston.format.timestamp(),
      winston.format.printf(({ timestamp, level: ofLine, message, facts }) =>
        shape({ time: String(timestamp), level: ofLine, event: String(message) }, facts as Line['facts']),
      ),
    ),
    transports: [new winston.transports.Stream({ stream, eol: '\n' })],
  });
  const repeats = new Repeats({
    write: (line) => logger.log({ level: line.level, message: line.event, facts: line.facts }),
    everyMs,
  });
  // Before the line sink's own: it writes what comes here.
  if (options.stream === undefined) process.prependListener('exit', () => repeats.sumUp());
  const write: Write = (ofLine, event, facts) => {
    // Winston itself makes the whole line before it finds that its level is not wanted.
    if (!logger.isLevelEnabled(ofLine)) return;
    repeats.take({
      level: ofLine,
      event: cutText(event, secrets, MAX_EVENT),
      facts: cleanFacts(facts, secrets),
    });
  };
  return bind(write, {});
}

type Write = (level: LoggerOptions['level'], event: string, facts: object) => void;

/** Facts go as one member, so that none is taken for a part of the line itself (`message`, `level`). */
function bind(write: Write, bound: object): Logger {
  const at =
    (level: LoggerOptions['level']) =>
    (event: string, facts: object = {}): void =>
      write(level, event, { ...bound, ...facts });
  return {
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    child: (facts) => bind(write, { ...bound, ...facts }),
  };
}

/** A stream that passes lines on at once: what a stream keeps to itself would be lost with the process. */
function standardError(shape: Shape): Writable {
  const lossLine = (lost: number, reason: string): string => {
    const head = { time: new Date().toISOString(), level: 'warn', event: 'log lines lost' };
    return `${shape(head, { lost, reason })}\n`;
  };
  const sink = new LineSink({ descriptor: 2, lossLine });
  return new Writable({
    decodeStrings: false,
    write: (line: unknown, _encoding, done) => {
      sink.write(String(line));
      done();
    },
  });
}

interface Head {
  readonly time: string;
  readonly level: string;
  readonly event: string;
}

type Shape = (head: Head, facts: Line['facts']) => string;

/** Only texts can hold what is unprintable, and within a text of JSON its escape means the same. */
function jsonLine(head: Head, facts: Line['facts']): string {
  return printable(JSON.stringify({ ...head, ...facts, ...head }));
}

function textLine({ time, level, event }: Head, facts: Line['facts']): string {
  const rest = Object.entries(facts)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${textKey(key)}=${textValue(value)}`);
  return [time, level.toUpperCase().padEnd(5), printable(event), ...rest].join(' ');
}

/** A key with a blank or an equals sign would look like several facts. */
function textKey(key: string): string {
  return isPlain(key) ? key : printable(JSON.stringify(key));
}

function textValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return isPlain(text) ? text : printable(JSON.stringify(text));
}

function isPlain(text: string): boolean {
  return /^[^\s"=]+$/.test(text) && isPrintable(text);
}

import { StringDecoder } from 'node:string_decoder';
import type { Secret } from '../secret.ts';
import { BoundedOutput } from './bounded-output.ts';
import { OutputMasker } from './output-masker.ts';
import type { StartedProcess } from './starter.ts';

export interface CollectOptions {
  readonly secret: Secret;
  /** Characters to keep; see `BoundedOutput`. */
  readonly limit: number;
}

/** What a process writes. */
export interface CollectedOutput {
  /** Resolves once all who held the pipe have closed it. */
  readonly closed: Promise<void>;
  /** Reads what is there now; from now on it is looked at often, since what is still to come comes soon. */
  hurry(): void;
  /** Reads no more, and gives the text; `cutShort` when more might have come. */
  finish(options: { cutShort: boolean }): string;
}

/** A script that has more to say than its pipe holds waits this long; one that has nothing to say costs a look each. */
const MIN_PAUSE_MS = 10;
const MAX_PAUSE_MS = 100;
/** Read in one go: a script that floods its output gets a part of this process's time, not all of it. */
const ONE_GO_BYTES = 1_000_000;

/** Reads UTF-8 until `finish`. The secret is masked before anything is cut. */
export function collectOutput(
  process: Pick<StartedProcess, 'read'>,
  { secret, limit }: CollectOptions,
): CollectedOutput {
  const output = new BoundedOutput(limit);
  const masker = new OutputMasker(secret);
  const decoder = new StringDecoder('utf8');
  const take = (bytes: Uint8Array): void => output.append(masker.push(decoder.write(bytes)));
  const { closed, hurry, stop } = readInTurns(process, take);
  return {
    closed,
    hurry,
    finish: ({ cutShort }) => {
      stop();
      output.append(masker.push(decoder.end()) + masker.end({ cutShort }));
      return output.toString();
    },
  };
}

export interface Reading {
  readonly closed: Promise<void>;
  readonly hurry: () => void;
  readonly stop: () => void;
}

export interface ReadingOptions {
  /** Between two looks while something comes; each takes at most a megabyte. */
  readonly minPauseMs: number;
  /** While nothing comes. */
  readonly maxPauseMs: number;
  /** Whether this process stays for it. */
  readonly isRef: boolean;
}

const WHILE_IT_RUNS: ReadingOptions = { minPauseMs: MIN_PAUSE_MS, maxPauseMs: MAX_PAUSE_MS, isRef: true };

/** Reads soon, and then again and again until the end or `stop`: soon when something came, less often while nothing does. */
export function readInTurns(
  pipe: Pick<StartedProcess, 'read'>,
  take: (bytes: Uint8Array) => void,
  { minPauseMs, maxPauseMs, isRef }: ReadingOptions = WHILE_IT_RUNS,
): Reading {
  let timer: NodeJS.Timeout;
  let pauseMs = minPauseMs;
  let isHurried = false;
  let resolveClosed = (): void => undefined;
  const closed = new Promise<void>((resolve) => (resolveClosed = resolve));
  const look = (): void => {
    const came = readOnce(pipe, take);
    if (came === undefined) return resolveClosed();
    if (came > 0 || isHurried) pauseMs = minPauseMs;
    else pauseMs = Math.min(2 * pauseMs, maxPauseMs);
    lookLater();
  };
  const lookLater = (): void => {
    timer = setTimeout(look, pauseMs);
    if (!isRef) timer.unref();
  };
  lookLater();
  const stop = (): void => clearTimeout(timer);
  const hurry = (): void => {
    isHurried = true;
    stop();
    look();
  };
  return { closed, hurry, stop };
}

/** How much came; undefined at the end. */
function readOnce(pipe: Pick<StartedProcess, 'read'>, take: (bytes: Uint8Array) => void): number | undefined {
  for (let came = 0; came < ONE_GO_BYTES;) {
    const bytes = pipe.read();
    if (bytes === undefined) return undefined;
    if (bytes.length === 0) return came;
    take(bytes);
    came += bytes.length;
  }
  return ONE_GO_BYTES;
}

import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The wall clock of a program that a test starts, which the test may set while the program runs. Its monotonic clock goes on as ever. */
export interface SetClock {
  /** What the program needs in its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** From now on the clock is off by so many seconds: ahead when above 0, behind when below. */
  set(offsetS: number): void;
  /** The true time, in milliseconds since the epoch, at which the program's clock showed this one. */
  trueTime(shownMs: number): number;
}

/** Makes a clock that is kept in `file`, with Debian's package `faketime`. Starts with the true time, unless the file is there already. */
export function setClock(file: string): SetClock {
  const periods = [{ fromMs: 0, offsetS: 0 }];
  const write = (offsetS: number): void => {
    // The program reads the file at each look at the clock: it must never find half of it.
    writeFileSync(`${file}.new`, `${offsetS < 0 ? '' : '+'}${offsetS}\n`);
    renameSync(`${file}.new`, file);
  };
  write(0);
  return {
    env: {
      LD_PRELOAD: library(),
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_NO_CACHE: '1',
      NO_FAKE_STAT: '1',
    },
    set: (offsetS) => {
      periods.push({ fromMs: Date.now(), offsetS });
      write(offsetS);
    },
    trueTime: (shownMs) => {
      const fits = periods.find(({ fromMs, offsetS }, at) => {
        const trueMs = shownMs - offsetS * 1000;
        return trueMs >= fromMs - SLACK_MS && trueMs <= (periods[at + 1]?.fromMs ?? Infinity) + SLACK_MS;
      });
      return shownMs - (fits?.offsetS ?? 0) * 1000;
    },
  };
}

/** A step is made a moment after it was noted. */
const SLACK_MS = 1;

const LIBRARIES = '/usr/lib';

function library(): string {
  const found = readdirSync(LIBRARIES)
    .map((name) => join(LIBRARIES, name, 'faketime/libfaketime.so.1'))
    .find((path) => existsSync(path));
  if (found === undefined) {
    throw new Error(`expected libfaketime.so.1 below ${LIBRARIES}, found none; install the package faketime`);
  }
  return found;
}

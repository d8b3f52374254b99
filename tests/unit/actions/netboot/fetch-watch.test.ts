import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FetchWatch } from '../../../../src/actions/netboot/images/fetch-watch.ts';
import { InterruptedError } from '../../../../src/errors.ts';
import { type LogLine, recordingLogger } from '../../../helpers/recording-logger.ts';

describe('the watch over a fetch', () => {
  let lines: LogLine[];
  let stop: AbortController;
  let watch: FetchWatch;

  beforeEach(() => {
    jest.useFakeTimers();
    lines = [];
    stop = new AbortController();
    watch = new FetchWatch({
      ...{ idleTimeoutMs: 5_000, deadlineMs: 60_000 },
      ...{ signal: stop.signal, log: recordingLogger(lines) },
    });
  });
  afterEach(() => {
    watch.end();
    jest.useRealTimers();
  });

  const reason = (): unknown => watch.signal.reason;

  it('says every ten seconds how far a long fetch is', () => {
    watch.total = 1_000;
    for (let second = 0; second < 25; second += 1) {
      watch.progress(10);
      jest.advanceTimersByTime(1_000);
    }
    expect(lines).toMatchObject([
      { level: 'info', event: 'fetching image', facts: { bytes: 100, total: 1_000 } },
      { level: 'info', event: 'fetching image', facts: { bytes: 200, total: 1_000 } },
    ]);
  });

  it('ends it when nothing comes for too long, and not as long as something does', () => {
    for (let second = 0; second < 20; second += 4) {
      jest.advanceTimersByTime(4_000);
      watch.progress(1);
    }
    expect(watch.signal.aborted).toBe(false);
    jest.advanceTimersByTime(5_000);
    expect(reason()).toMatchObject({ message: 'expected progress, found none for 5 s' });
  });

  it('ends it at the deadline, whatever comes', () => {
    for (let second = 0; second < 60; second += 1) {
      watch.progress(1);
      jest.advanceTimersByTime(1_000);
    }
    expect(reason()).toMatchObject({ message: 'expected the whole of it within 60 s' });
  });

  it('ends it when a stop comes, which is no failure', () => {
    stop.abort();
    expect(reason()).toBeInstanceOf(InterruptedError);
  });

  it('says nothing more once it is over', () => {
    watch.end();
    jest.advanceTimersByTime(100_000);
    stop.abort();
    expect(lines).toEqual([]);
    expect(watch.signal.aborted).toBe(false);
  });
});

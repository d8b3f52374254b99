import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type StopSignals, stopSignals } from '../../../src/cli/stop-signals.ts';
import { rememberSignalListeners } from '../../helpers/signal-listeners.ts';

describe('stopSignals', () => {
  let restoreListeners: () => void;
  let signals: StopSignals;

  beforeEach(() => {
    restoreListeners = rememberSignalListeners();
    signals = stopSignals();
  });
  afterEach(() => restoreListeners());

  const states = (): boolean[] => [signals.stopping.aborted, signals.killing.aborted];

  it.each([
    ['SIGTERM', 'SIGTERM'],
    ['SIGTERM', 'SIGINT'],
    ['SIGINT', 'SIGTERM'],
    ['SIGINT', 'SIGINT'],
  ] as const)(
    'asks for a stop at the first signal and for a quick end at the second: %s, %s',
    (first, second) => {
      expect(states()).toEqual([false, false]);
      process.emit(first);
      expect(states()).toEqual([true, false]);
      process.emit(second);
      expect(states()).toEqual([true, true]);
      process.emit(first);
      expect(states()).toEqual([true, true]);
    },
  );
});

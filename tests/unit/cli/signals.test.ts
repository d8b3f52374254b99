import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Signals } from '../../../src/cli/signals.ts';
import { rememberSignalListeners } from '../../helpers/signal-listeners.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

describe('the signals of the process', () => {
  let restoreListeners: () => void;
  let signals: Signals;

  beforeEach(() => {
    restoreListeners = rememberSignalListeners();
    signals = new Signals();
  });
  afterEach(() => restoreListeners());

  const states = (): boolean[] => [signals.stopping.aborted, signals.killing.aborted];

  it.each([
    ['SIGTERM', 'SIGTERM'],
    ['SIGTERM', 'SIGINT'],
    ['SIGINT', 'SIGTERM'],
    ['SIGINT', 'SIGINT'],
  ] as const)(
    'ask for a stop at the first signal and for a quick end at the second: %s, %s',
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

  it('ask for a quick end when a stop has taken its time, counted from the first signal', async () => {
    process.emit('SIGTERM');
    signals.boundStop(50);
    expect(states()).toEqual([true, false]);
    await waitUntil(() => signals.killing.aborted);
  });

  it('bound no stop that was not asked for', async () => {
    signals.boundStop(1);
    const since = performance.now();
    await waitUntil(() => performance.now() - since > 50);
    expect(states()).toEqual([false, false]);
  });

  it('remember a SIGHUP that came before the role listens, once', () => {
    process.emit('SIGHUP');
    process.emit('SIGHUP');
    let looks = 0;
    signals.onHangUp(() => (looks += 1));
    expect(looks).toBe(1);
    process.emit('SIGHUP');
    expect(looks).toBe(2);
    expect(states()).toEqual([false, false]);
  });

  it.each(['SIGUSR1', 'SIGUSR2'] as const)('leave %s without effect', (signal) => {
    expect(process.listenerCount(signal)).toBeGreaterThan(0);
    process.emit(signal);
    expect(states()).toEqual([false, false]);
  });

  it('are left to the operating system by roles that ask for it', () => {
    const listeners = (): number[] =>
      (['SIGTERM', 'SIGINT', 'SIGHUP'] as const).map((name) => process.listenerCount(name));
    const before = listeners();
    signals.endByHangUp();
    expect(listeners()).toEqual([before[0], before[1], (before[2] ?? 0) - 1]);
    signals.endAtOnce();
    expect(listeners()).toEqual(before.map((count) => count - 1));
  });
});

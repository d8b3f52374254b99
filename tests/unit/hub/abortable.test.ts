import { describe, expect, it } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { abortable, within } from '../../../src/hub/abortable.ts';

const never = new Promise<never>(() => {});
const late = (): Error => new Error('late');

describe('abortable work', () => {
  it('is left with the reason as soon as the signal is aborted', async () => {
    const stop = new AbortController();
    const result = abortable(never, stop.signal);
    stop.abort(new Error('stopping'));
    await expect(result).rejects.toThrow('stopping');
    await expect(abortable(never, stop.signal)).rejects.toThrow('stopping');
  });

  it('ends within its time, and tells the work', async () => {
    let told: AbortSignal | undefined;
    const result = within({ ms: 10, signal: undefined, late }, (signal) => {
      told = signal;
      return never;
    });
    await expect(result).rejects.toThrow('late');
    expect(told?.aborted).toBe(true);
  });

  it('is not begun after the signal', async () => {
    const signal = AbortSignal.abort(new Error('stopping'));
    const work = (): Promise<never> => {
      throw new Error('begun');
    };
    await expect(within({ ms: 1000, signal, late }, work)).rejects.toThrow('stopping');
  });

  it('leaves no listener on the signal, however it ends', async () => {
    const { signal } = new AbortController();
    await expect(within({ ms: 1000, signal, late }, () => Promise.resolve(1))).resolves.toBe(1);
    await expect(within({ ms: 1, signal, late }, () => never)).rejects.toThrow('late');
    await expect(within({ ms: 9, signal, late }, () => Promise.reject(new Error('no')))).rejects.toThrow(
      'no',
    );
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

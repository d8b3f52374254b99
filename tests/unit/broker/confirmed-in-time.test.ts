import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { confirmedInTime } from '../../../src/broker/confirmed-in-time.ts';

describe('the confirm of a message', () => {
  let failures: unknown[];
  let session: { isBlocked: boolean; fail: (reason: unknown) => void };

  beforeEach(() => {
    jest.useFakeTimers();
    failures = [];
    session = { isBlocked: false, fail: (reason) => failures.push(reason) };
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('ends the session when it does not come, though the broker answers everything else', () => {
    void confirmedInTime(new Promise(() => undefined), session);
    jest.advanceTimersByTime(14_999);
    expect(failures).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(failures).toMatchObject([{ message: 'the broker has not confirmed a message within 15000 ms' }]);
  });

  it('is waited for as long as the broker is blocked', () => {
    session.isBlocked = true;
    void confirmedInTime(new Promise(() => undefined), session);
    jest.advanceTimersByTime(60_000);
    expect(failures).toEqual([]);
    session.isBlocked = false;
    jest.advanceTimersByTime(15_000);
    expect(failures).toHaveLength(1);
  });

  it('ends the waiting when it comes, or when the message is refused', async () => {
    await confirmedInTime(Promise.resolve(), session);
    await expect(confirmedInTime(Promise.reject(new Error('no queue')), session)).rejects.toThrow('no queue');
    jest.advanceTimersByTime(60_000);
    expect(failures).toEqual([]);
  });
});

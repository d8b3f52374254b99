import { describe, expect, it } from '@jest/globals';
import { ProcessStartError } from '../../../src/process/process-start-error.ts';

describe('ProcessStartError', () => {
  it('says what cannot be started, why, and what to do', () => {
    const cause = Object.assign(new Error('spawn EAGAIN'), { code: 'EAGAIN' });

    expect(new ProcessStartError('/x/y', cause).message).toBe(
      'cannot start /x/y: no more processes allowed; raise the limit (TasksMax, ulimit -u) or lower CONCURRENCY (EAGAIN)',
    );
  });

  it('passes on what it does not know', () => {
    expect(new ProcessStartError('/x/y', new Error('odd')).message).toBe('cannot start /x/y: odd');
  });
});

import { describe, expect, it } from '@jest/globals';
import { CleanUp } from '../../../src/demo/clean-up.ts';

describe('CleanUp', () => {
  it('undoes the last thing first, and everything once', async () => {
    const undone: string[] = [];
    const cleanUp = new CleanUp();
    cleanUp.later(() => undone.push('first'));
    cleanUp.later(async () => undone.push('second'));
    await cleanUp.run();
    await cleanUp.run();
    expect(undone).toEqual(['second', 'first']);
  });

  it('undoes the rest after an error, and then rejects with the first one', async () => {
    const undone: string[] = [];
    const cleanUp = new CleanUp();
    cleanUp.later(() => undone.push('first'));
    cleanUp.later(() => Promise.reject(new Error('later error')));
    cleanUp.later(() => Promise.reject(new Error('first error')));
    await expect(cleanUp.run()).rejects.toThrow('first error');
    expect(undone).toEqual(['first']);
  });
});

import { describe, expect, it } from '@jest/globals';
import { Troubles } from '../../src/troubles.ts';

describe('the troubles of a process', () => {
  it('last until they are over, one sentence a subject', () => {
    const troubles = new Troubles();
    troubles.set('journal', 'STATE_DIR is full');
    troubles.set('outcome 7', 'the hub refuses the outcome of 7');
    troubles.set('journal', 'STATE_DIR cannot be written');
    expect(troubles.list()).toEqual(['STATE_DIR cannot be written', 'the hub refuses the outcome of 7']);
    troubles.clear('journal');
    expect(troubles.list()).toEqual(['the hub refuses the outcome of 7']);
  });

  it('call for a heartbeat when they change, and only then', () => {
    let changes = 0;
    const troubles = new Troubles(() => (changes += 1));
    troubles.set('journal', 'full');
    troubles.set('journal', 'full');
    troubles.clear('journal');
    troubles.clear('journal');
    expect(changes).toBe(2);
  });

  it('stay short, however many there are and however long', () => {
    const troubles = new Troubles();
    for (let at = 1; at <= 12; at += 1) troubles.set(`outcome ${at}`, `${at} ${'x'.repeat(1_000)}`);
    expect(troubles.list()).toHaveLength(10);
    expect(troubles.list().at(-1)).toBe('3 more troubles; see the log');
    expect(Math.max(...troubles.list().map((text) => text.length))).toBe(300);
  });
});

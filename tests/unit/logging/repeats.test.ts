import { describe, expect, it } from '@jest/globals';
import { type Line, Repeats } from '../../../src/logging/repeats.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const EVER = 3_600_000;

describe('a warning that comes again and again', () => {
  const start = (everyMs = EVER): { repeats: Repeats; lines: Line[] } => {
    const lines: Line[] = [];
    return { lines, repeats: new Repeats({ write: (line) => lines.push(line), everyMs }) };
  };
  const warning = (facts: Line['facts'], event = 'no broker session', level = 'warn'): Line => ({
    level,
    event,
    facts,
  });

  it('is written once, and summed up with its latest facts', () => {
    const { repeats, lines } = start();
    for (const attempt of [1, 2, 3]) {
      repeats.take(warning({ attempt, reason: `connect ECONNREFUSED, waited ${attempt * 100} ms` }));
    }
    expect(lines).toHaveLength(1);
    repeats.sumUp();
    expect(lines[1]?.facts).toEqual({
      attempt: 3,
      reason: 'connect ECONNREFUSED, waited 300 ms',
      repeated: 2,
    });
    repeats.sumUp();
    expect(lines).toHaveLength(2);
  });

  it('is summed up by itself', async () => {
    const { repeats, lines } = start(20);
    repeats.take(warning({}));
    repeats.take(warning({}));
    await waitUntil(() => lines.length === 2);
    expect(lines[1]?.facts).toEqual({ repeated: 1 });
  });

  it('is news again after a rest', () => {
    const { repeats, lines } = start();
    repeats.take(warning({}));
    repeats.sumUp();
    repeats.take(warning({}));
    expect(lines.map(({ facts }) => facts)).toEqual([{}, {}]);
  });

  it('is news again when things have changed since', () => {
    const { repeats, lines } = start();
    repeats.take(warning({}));
    repeats.take(warning({}));
    repeats.take({ level: 'info', event: 'hub answers again', facts: {} });
    repeats.take(warning({}));
    expect(lines.map(({ event, facts }) => [event, facts['repeated']])).toEqual([
      ['no broker session', undefined],
      ['no broker session', 1],
      ['hub answers again', undefined],
      ['no broker session', undefined],
    ]);
  });

  it('is another one with another reason, queue, level or event', () => {
    const { repeats, lines } = start();
    repeats.take(warning({ queue: 'lab1', reason: 'refused' }));
    repeats.take(warning({ queue: 'lab2', reason: 'refused' }));
    repeats.take(warning({ queue: 'lab1', reason: 'no route' }));
    repeats.take(warning({ queue: 'lab1', reason: 'refused' }, 'other'));
    repeats.take(warning({ queue: 'lab1', reason: 'refused' }, 'no broker session', 'error'));
    expect(lines).toHaveLength(5);
  });

  it('is counted for one command only when nothing differs', () => {
    const { repeats, lines } = start();
    for (const id of [1, 2]) {
      for (const attempt of [1, 2]) repeats.take(warning({ id, attempt }, 'power script failed'));
    }
    expect(lines).toHaveLength(4);
    repeats.take(warning({ id: 1, attempt: 1 }, 'power script failed'));
    expect(lines).toHaveLength(4);
  });

  it('is written always when it is no warning', () => {
    const { repeats, lines } = start();
    for (const level of ['info', 'debug']) {
      for (const id of [1, 1]) repeats.take({ level, event: 'command started', facts: { id } });
    }
    expect(lines).toHaveLength(4);
  });

  it('is forgotten in time, whatever there was', () => {
    const { repeats, lines } = start();
    for (let id = 0; id < 1_500; id += 1) repeats.take(warning({ id }));
    repeats.sumUp();
    for (let id = 0; id < 1_500; id += 1) repeats.take(warning({ id }));
    expect(lines).toHaveLength(3_000);
  });
});

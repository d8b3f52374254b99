import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Command } from '../../../src/command.ts';
import { Gate } from '../../../src/queue/gate.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';

describe('the gate', () => {
  let clock: VirtualClock;
  let ready: number[];
  let gate: Gate;

  beforeEach(() => {
    clock = new VirtualClock();
    ready = [];
    gate = new Gate({ onReady: (id) => ready.push(id), lastPowerEnd: () => undefined, clock });
  });

  const onPdu = (id: number): Command => powerCommand({ id, fqdn: `sys${id}.lab`, address: 'pdu' });
  const add = (...commands: readonly Command[]): void =>
    commands.forEach((command) => gate.add(command, clock.now()));

  it('lets a lower id, which came later, go before one that is put back', () => {
    add(onPdu(5));
    expect(gate.take(5)).toBe(true);
    add(onPdu(3));
    expect(ready).toEqual([5]);
    gate.putBack(5, 1_000);
    expect(ready).toEqual([5, 3]);
  });

  it('lets one that is put back wait for as long as it is told to, and not less for its turn', async () => {
    add(onPdu(5));
    gate.take(5);
    gate.putBack(5, 1_000);
    await clock.advance(999);
    expect(ready).toEqual([5]);
    await clock.advance(1);
    expect(ready).toEqual([5, 5]);
  });

  it('does nothing more for one that is put back already', async () => {
    add(onPdu(5));
    gate.take(5);
    gate.putBack(5, 1_000);
    gate.putBack(5, 5_000);
    await clock.advance(1_000);
    expect(ready).toEqual([5, 5]);
  });

  it('gives no lanes to what it does not know, has given them to, or is not first any more', () => {
    expect(gate.take(1)).toBe(false);
    add(onPdu(5), onPdu(6));
    expect(gate.take(6)).toBe(false);
    add(onPdu(4));
    expect([gate.take(5), gate.take(4), gate.take(4)]).toEqual([false, true, false]);
    gate.putBack(7, 0);
    expect(gate.take(7)).toBe(false);
    gate.release(4);
    gate.putBack(4, 0);
    expect(gate.take(4)).toBe(false);
  });

  it('announces a command again that was not taken in its turn, once it is first again', () => {
    add(onPdu(5));
    add(onPdu(4));
    expect(gate.take(5)).toBe(false);
    expect(ready).toEqual([5, 4]);
    gate.take(4);
    gate.release(4);
    expect(ready).toEqual([5, 4, 5]);
  });

  it('calls blocked what waits for a lane or a time, and nothing else', async () => {
    add(onPdu(1), onPdu(2), powerCommand({ id: 3, fqdn: 'c.lab', delayS: 5 }));
    const blocked = (): readonly number[] => [1, 2, 3, 4].filter((id) => gate.isBlocked(id));
    expect(blocked()).toEqual([2, 3]);
    await clock.advance(5_000);
    expect(blocked()).toEqual([2]);
    gate.take(1);
    gate.release(1);
    expect(blocked()).toEqual([]);
  });

  it('takes free lanes for a command of an earlier life, whoever waits, and held ones not', () => {
    add(onPdu(1));
    expect(gate.holdIfFree(onPdu(9), clock.now())).toBe(true);
    expect(gate.take(1)).toBe(false);
    expect(gate.holdIfFree(onPdu(8), clock.now())).toBe(false);
    gate.putBack(9, 0);
    expect(gate.take(1)).toBe(true);
  });

  it('forgets a timer with its command', async () => {
    add(powerCommand({ id: 1, fqdn: 'a.lab', delayS: 5 }), powerCommand({ id: 2, fqdn: 'b.lab', delayS: 5 }));
    expect(clock.pending).toBe(2);
    gate.release(1);
    gate.hold(powerCommand({ id: 2, fqdn: 'b.lab' }));
    expect(clock.pending).toBe(0);
    await clock.advance(5_000);
    expect(ready).toEqual([]);
  });
});

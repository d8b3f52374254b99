import { afterEach, describe, expect, it } from '@jest/globals';
import { PrefetchWindow } from '../../../src/sources/prefetch-window.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

describe('prefetch window', () => {
  const blocked = new Set<number>();
  const log: string[] = [];
  let window: PrefetchWindow;

  function open({ size = 3, holdLimitMs = 60_000 } = {}): void {
    window = new PrefetchWindow({ size, holdLimitMs, isBlocked: (id) => blocked.has(id) });
  }

  function arrive(id: number): { acknowledge(): void; giveBack(): void } {
    const delivery = {
      acknowledge: (): void => {
        log.push(`acknowledged ${id}`);
        window.remove(delivery);
      },
      giveBack: (): void => {
        log.push(`given back ${id}`);
        window.remove(delivery);
      },
    };
    window.add(delivery, id);
    window.makeRoom();
    return delivery;
  }

  afterEach(() => {
    window.clear();
    blocked.clear();
    log.length = 0;
  });

  it('leaves everything alone while it has room', () => {
    open({ size: 3 });
    blocked.add(1).add(2);
    arrive(1);
    arrive(2);
    expect(log).toEqual([]);
  });

  it('lets go of blocked commands, and only of those, once it is full', () => {
    open({ size: 3 });
    blocked.add(1).add(3);
    for (const id of [1, 2, 3]) arrive(id);
    expect(log).toEqual(['acknowledged 1', 'acknowledged 3']);
  });

  it('has room again for each that is settled', () => {
    open({ size: 2 });
    blocked.add(2);
    arrive(1).acknowledge();
    arrive(2);
    expect(log).toEqual(['acknowledged 1']);
  });

  it('is empty when the session is over, and gives back nothing of it', async () => {
    open({ size: 2, holdLimitMs: 20 });
    blocked.add(2);
    arrive(1);
    window.clear();
    arrive(2);
    await waitUntil(() => log.length > 0);
    expect(log).toEqual(['given back 2']);
  });

  it('notices that a command becomes blocked while nothing arrives', async () => {
    open({ size: 2 });
    arrive(1);
    arrive(2);
    expect(log).toEqual([]);
    blocked.add(2);
    await waitUntil(() => log.length > 0);
    expect(log).toEqual(['acknowledged 2']);
  });

  it('gives back what stays undecided for too long', async () => {
    open({ holdLimitMs: 20 });
    arrive(1);
    await waitUntil(() => log.length > 0);
    expect(log).toEqual(['given back 1']);
  });
});

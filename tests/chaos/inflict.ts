import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault as ProxyFault } from '../helpers/tcp-proxy.ts';
import type { Member } from './member.ts';
import type { Fault, MemberName, PlannedFault, WayFault } from './plan.ts';
import { Random } from './random.ts';
import type { World } from './world.ts';

/** Inflicts a fault on the lab; resolves when it is over. */
export async function inflict(world: World, { fault, forMs, atMs }: PlannedFault): Promise<void> {
  switch (fault.kind) {
    case 'copies':
      return world.onlooker.copy(fault.count, new Random(atMs));
    case 'expire-sessions':
      world.hub.expireSessions();
      return;
    case 'kill-broker':
      await world.broker.kill();
      await sleep(forMs);
      return restartBroker(world);
    case 'hub-away':
      return spoil(
        [...world.members.values()].map((member) => member.way('hub')),
        fault.fault,
        forMs,
      );
    case 'way':
    case 'lose-answers':
    case 'freeze':
    case 'restart':
    case 'kill':
    case 'lose-state':
      return inflictOn(memberOf(world, fault.who), fault, forMs);
  }
}

/** On a busy machine a start may fail, or its port be taken for a moment. */
async function restartBroker({ broker }: World): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await broker.restart();
      return;
    } catch (error) {
      if (tries === RESTARTS) throw error;
      await broker.kill();
    }
  }
}

const RESTARTS = 3;

async function inflictOn(
  member: Member,
  fault: Extract<Fault, { who: MemberName }>,
  forMs: number,
): Promise<void> {
  switch (fault.kind) {
    case 'way':
      return spoil([member.way(fault.to)], fault.fault, forMs);
    case 'lose-answers':
      // Calls go through; of their answers nothing comes back.
      await member.way('hub').set({ cutAfterBytes: 0, of: 'answers' });
      await sleep(forMs);
      return member.way('hub').set('pass');
    case 'freeze':
      member.freeze();
      await sleep(forMs);
      member.thaw();
      return;
    case 'restart':
      await member.stop();
      member.start();
      return;
    case 'kill':
    case 'lose-state':
      await member.kill();
      await sleep(forMs);
      if (fault.kind === 'lose-state') member.loseState();
      member.start();
      return;
  }
}

async function spoil(
  ways: readonly ReturnType<Member['way']>[],
  fault: WayFault,
  forMs: number,
): Promise<void> {
  const kind: ProxyFault = fault === 'slow' ? { delayMs: 1_500 } : fault;
  await Promise.all(ways.map((way) => way.set(kind)));
  await sleep(forMs);
  await Promise.all(ways.map((way) => way.set('pass')));
}

function memberOf({ members }: World, name: MemberName): Member {
  const member = members.get(name);
  if (member === undefined) throw new Error(`expected a member ${name}`);
  return member;
}

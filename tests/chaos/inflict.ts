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
        proxyFault(fault.fault),
        forMs,
      );
    case 'hub-closes':
      world.hub.keepConnections(false);
      await sleep(forMs);
      world.hub.keepConnections(true);
      return;
    case 'hub-refuses':
      world.hub.refuseOutcomes(true);
      await sleep(forMs);
      world.hub.refuseOutcomes(false);
      return;
    case 'way':
    case 'lose-answers':
    case 'cut-answers':
    case 'freeze':
    case 'restart':
    case 'kill':
    case 'lose-state':
    case 'clock-step':
    case 'log-reader':
    case 'full-disk':
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
      return spoil([member.way(fault.to)], proxyFault(fault.fault), forMs);
    case 'lose-answers':
      // Calls go through; of their answers nothing comes back.
      return spoil([member.way('hub')], { cutAfterBytes: 0, of: 'answers' }, forMs);
    case 'cut-answers':
      return spoil(
        [member.way('hub')],
        { cutAfterBytes: fault.afterBytes, of: 'answers', by: fault.by },
        forMs,
      );
    case 'clock-step':
      member.clock.set(fault.clockOffS);
      await sleep(forMs);
      member.clock.set(0);
      return;
    case 'log-reader':
      return fault.how === 'dies' ? replaceReader(member, forMs) : stopReader(member, forMs);
    case 'full-disk':
      return fillDisk(member, forMs);
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
      else member.clock.set(fault.clockOffS);
      member.start();
      return;
  }
}

function proxyFault(fault: WayFault): ProxyFault {
  return fault === 'slow' ? { delayMs: 1_500 } : fault;
}

async function replaceReader({ log }: Member, forMs: number): Promise<void> {
  log.killReader();
  await sleep(forMs);
  log.replaceReader();
}

async function stopReader({ log }: Member, forMs: number): Promise<void> {
  log.stopReader();
  await sleep(forMs);
  log.continueReader();
}

const REFILL_MS = 100;

async function fillDisk(member: Member, forMs: number): Promise<void> {
  await member.untilStarted();
  const { disk } = member;
  const until = performance.now() + forMs;
  do {
    disk.fill();
    await sleep(REFILL_MS);
  } while (performance.now() < until);
  disk.free();
}

async function spoil(
  ways: readonly ReturnType<Member['way']>[],
  fault: ProxyFault,
  forMs: number,
): Promise<void> {
  await Promise.all(ways.map((way) => way.set(fault)));
  await sleep(forMs);
  await Promise.all(ways.map((way) => way.set('pass')));
}

function memberOf({ members }: World, name: MemberName): Member {
  const member = members.get(name);
  if (member === undefined) throw new Error(`expected a member ${name}`);
  return member;
}

import type { Action } from '../src/command.ts';
import { startLab, type Lab } from './lib/lab.ts';
import { residentMemory } from './lib/process-usage.ts';
import { startRelay } from './lib/relay-process.ts';
import type { RoleProcess } from './lib/role-process.ts';
import { round } from './lib/statistics.ts';
import { startWorker } from './lib/worker-process.ts';
import { withCleanup, type AtEnd } from './lib/with-cleanup.ts';
import { writeResults } from './lib/write-results.ts';

/*
 * How long a lab takes to catch up when nothing was pushed for an hour: what the hub queued meanwhile is there at once when the broker, or the
 * relay, comes back. Beside it the same commands under steady work, a few at a time. The hour is one of a lab of 10,000 systems, each of which
 * is provisioned once in ten hours: its power goes off and on. It does not have to pass: a command that waits costs nothing until the end.
 * The worker is no fallback primary, which would poll meanwhile, and have nothing to catch up with.
 */

const SYSTEMS = 1_000;
const ACTIONS: readonly Action[] = ['off', 'on'];
const COMMANDS = SYSTEMS * ACTIONS.length;
/** So many systems are provisioned at a time while work is steady: when half of them are done, as many follow. */
const AT_A_TIME = 250;
const CONCURRENCY = 50;
const LIMIT_MS = 240_000;

interface Measurement {
  readonly commands: number;
  readonly seconds: number;
  readonly commandsPerS: number;
  readonly ofSteady: number;
  /** From the moment when what was away takes connections, or is started, until the first command is claimed. */
  readonly firstClaimS: number | undefined;
  /** The most until then. */
  readonly workerMb: number;
  readonly relayMb: number;
}

const found = await withCleanup(async (atEnd) => {
  const lab = await startLab({ systems: SYSTEMS, powerType: 'dummy', powerId: '0' }, atEnd);
  const relay = await startRelay(lab, atEnd);
  const worker = await startWorker({ lab, concurrency: CONCURRENCY, isPrimary: false }, atEnd);
  await lab.ended(lab.queue(AT_A_TIME, { actions: ACTIONS }));

  const steady = withMemory({ ms: await steadyWork(lab) }, { worker, relay });
  const afterBroker = withMemory(await brokerOutage(lab), { worker, relay });
  await relay.stop();
  const afterRelay = await relayOutage(lab, worker, atEnd);
  return { steady, afterBroker, afterRelay };
}, LIMIT_MS);

const steadyMs = found.steady.ms;
const table = {
  'steady work': measurement(found.steady),
  'the broker was away': measurement(found.afterBroker),
  'the relay was away': measurement(found.afterRelay),
};
console.table(table);
const away = table['the broker was away'];
writeResults(
  'drain',
  `${COMMANDS} commands that piled up while the broker was away: ${away.seconds} s, ${away.ofSteady} times as long as under steady work; ` +
    `worker ${away.workerMb} MB, relay ${away.relayMb} MB at most`,
  { systems: SYSTEMS, concurrency: CONCURRENCY, ...table },
);

/** Keeps some systems busy until all have been provisioned once. */
async function steadyWork(lab: Lab): Promise<number> {
  const startedAt = performance.now();
  const underWay: Promise<void>[] = [];
  for (let from = 0; from < SYSTEMS; from += AT_A_TIME / 2) {
    underWay.push(lab.ended(lab.queue(AT_A_TIME / 2, { from, actions: ACTIONS })));
    if (underWay.length === 2) await underWay.shift();
  }
  await Promise.all(underWay);
  return performance.now() - startedAt;
}

interface Drain {
  readonly ms: number;
  readonly firstClaimMs?: number;
}

async function brokerOutage(lab: Lab): Promise<Drain> {
  await lab.broker.node.stop();
  const piledUp = pileUp(lab);
  await lab.broker.node.restart();
  return piledUp.drain();
}

async function relayOutage(lab: Lab, worker: RoleProcess, atEnd: AtEnd): Promise<WithMemory> {
  const piledUp = pileUp(lab);
  const draining = piledUp.drain();
  const relay = await startRelay(lab, atEnd);
  return withMemory(await draining, { worker, relay });
}

interface PileOfCommands {
  /** Resolves when all have ended, with the time from this call until then. */
  readonly drain: () => Promise<Drain>;
}

function pileUp(lab: Lab): PileOfCommands {
  const commands = lab.queue(SYSTEMS, { actions: ACTIONS });
  const firstClaim = lab.claimed(commands.slice(0, 1)).then(() => performance.now());
  const ended = lab.ended(commands);
  return {
    drain: async () => {
      const startedAt = performance.now();
      await ended;
      return { ms: performance.now() - startedAt, firstClaimMs: (await firstClaim) - startedAt };
    },
  };
}

interface WithMemory extends Drain {
  readonly workerMb: number;
  readonly relayMb: number;
}

function withMemory(
  drain: Drain,
  { worker, relay }: { readonly worker: RoleProcess; readonly relay: RoleProcess },
): WithMemory {
  const [workerMb = NaN, relayMb = NaN] = [worker, relay].map(({ pid }) =>
    round(residentMemory(pid).highestMb, 0),
  );
  return { ...drain, workerMb, relayMb };
}

function measurement({ ms, firstClaimMs, workerMb, relayMb }: WithMemory): Measurement {
  return {
    commands: COMMANDS,
    seconds: round(ms / 1000),
    commandsPerS: round(COMMANDS / (ms / 1000), 0),
    ofSteady: round(ms / steadyMs, 2),
    firstClaimS: firstClaimMs && round(firstClaimMs / 1000),
    workerMb,
    relayMb,
  };
}

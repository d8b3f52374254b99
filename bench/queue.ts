import { EventEmitter, once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Command } from '../src/command.ts';
import { systemClock } from '../src/queue/clock.ts';
import { CommandQueue } from '../src/queue/command-queue.ts';
import { powerCommand } from '../tests/helpers/commands.ts';
import { median, round } from './lib/statistics.ts';
import { writeResults } from './lib/write-results.ts';

/*
 * What scheduling alone costs. A backlog is added a slice at a time, as a poll does; then it is worked off, with claims, actions and
 * reports that take no time.
 */

const BACKLOGS = [10_000, 50_000, 100_000];
const SYSTEMS = 10_000;
const CONCURRENCY = 50;
const SLICE = 200;
const ROUNDS = 3;

interface Measurement {
  readonly commands: number;
  readonly usPerCommand: number;
  /** Of all threads, the garbage collector's included. */
  readonly cpuUsPerCommand: number;
  readonly longestStallMs: number;
}

await schedule(BACKLOGS[0] ?? 0); // so that none of the rounds below pays for compiling
const measurements: Measurement[] = [];
for (const commands of BACKLOGS) {
  const rounds: Measurement[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await schedule(commands));
  measurements.push({
    commands,
    usPerCommand: round(median(rounds.map(({ usPerCommand }) => usPerCommand))),
    cpuUsPerCommand: round(median(rounds.map(({ cpuUsPerCommand }) => cpuUsPerCommand))),
    longestStallMs: round(median(rounds.map(({ longestStallMs }) => longestStallMs))),
  });
}
console.table(measurements);
const [least, , most] = measurements;
writeResults(
  'queue',
  `${most?.usPerCommand ?? NaN} µs a command with ${most?.commands ?? NaN} of them queued, ` +
    `${least?.usPerCommand ?? NaN} µs with ${least?.commands ?? NaN}; longest stall ${most?.longestStallMs ?? NaN} ms`,
  { systems: SYSTEMS, concurrency: CONCURRENCY, slice: SLICE, measurements },
);

async function schedule(count: number): Promise<Measurement> {
  const commands = Array.from({ length: count }, (_, index) => command(index));
  const { queue, start, finished } = instantQueue(count);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  for (const [index, each] of commands.entries()) {
    if (index % SLICE === SLICE - 1) await nextTurn();
    queue.add(each);
  }
  start();
  await finished;
  const tookMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  // The monitor notes a stall when the loop turns again.
  await sleep(20);
  delay.disable();
  return {
    commands: count,
    usPerCommand: (tookMs * 1000) / count,
    cpuUsPerCommand: (user + system) / count,
    longestStallMs: delay.max / 1e6,
  };
}

interface InstantQueue {
  readonly queue: CommandQueue;
  /** Lets the first commands be claimed: until then the backlog grows. */
  readonly start: () => void;
  /** Resolves once `count` commands have been reported. */
  readonly finished: Promise<void>;
}

function instantQueue(count: number): InstantQueue {
  let reported = 0;
  const signals = new EventEmitter();
  const started = once(signals, 'start');
  const finished = once(signals, 'finished');
  const queue = new CommandQueue({
    concurrency: CONCURRENCY,
    lastPowerEnd: () => undefined,
    claimRetryMs: () => 0,
    clock: systemClock,
    handlers: {
      claim: async () => {
        await started;
        // What asks a hub gives the event loop a turn, and no more than that is to be measured.
        await nextTurn();
        return 'won';
      },
      run: async () => 'ended',
      report: async () => {
        reported += 1;
        if (reported === count) signals.emit('finished');
      },
      alsoReplyTo: () => {},
    },
  });
  return { queue, start: () => signals.emit('start'), finished: finished.then(() => undefined) };
}

/** Every system has its turn before any has its second: the lanes are as many, and as long, as they get. */
function command(index: number): Command {
  return powerCommand({ id: index + 1, fqdn: `system-${index % SYSTEMS}.lab.example.com` });
}

import type { Command } from '../src/command.ts';
import { powerCommand } from '../tests/helpers/commands.ts';
import { waitUntil } from '../tests/helpers/wait-until.ts';
import { LAB } from './lib/account.ts';
import { startBroker } from './lib/broker.ts';
import { startInstantWorker } from './lib/instant-worker.ts';
import { cpuTime, residentMemory } from './lib/process-usage.ts';
import { startRelay } from './lib/relay-process.ts';
import { round } from './lib/statistics.ts';
import { startStockHub, type Look } from './lib/stock-hub.ts';
import { withCleanup, type AtEnd } from './lib/with-cleanup.ts';
import { writeResults } from './lib/write-results.ts';

/*
 * What the relay and the broker make of a lab's whole backlog: it is queued at once at a hub that lists all of it at each look, and worked
 * off by a worker whose actions take no time. Hub and worker are in this process and answer at once, so that what is slow is the relay,
 * the broker, or the machine that all of them share.
 */

const LOADS = [
  { count: 1_000, maxRunning: Infinity },
  { count: 10_000, maxRunning: Infinity },
  { count: 100_000, maxRunning: Infinity },
  // As Beaker lists them that has `max_running_commands`: a look then brings no more than this.
  { count: 1_000, maxRunning: 100 },
];
const SYSTEMS = 10_000;
const INTERVAL_MS = 1_000;
const LIMIT_MS = 300_000;

type Load = (typeof LOADS)[number];

interface Measurement {
  readonly commands: number;
  /** What the hub lists, and lets run. */
  readonly listedAtMost: number | 'all';
  readonly seconds: number;
  readonly commandsPerS: number;
  /** Processor seconds for 1,000 commands. */
  readonly relayCpuS: number;
  readonly brokerCpuS: number;
  readonly hubAndWorkerCpuS: number;
  /** Part of one core that the relay had. */
  readonly relayCore: number;
  readonly relayMb: number;
  readonly brokerMb: number;
  /** Times that the relay looked at the hub. */
  readonly looks: number;
  /** Of the first look, when everything is queued: until the list was read, and until all of it had its place. */
  readonly firstReadMs: number;
  readonly firstLookMs: number;
  readonly listMb: number;
}

const measurements: Measurement[] = [];
for (const load of LOADS) measurements.push(await withCleanup((atEnd) => workOff(load, atEnd), LIMIT_MS));
console.log('Processor time is in seconds for 1,000 commands.');
console.table(measurements);
const [least, , most, capped] = measurements;
writeResults(
  'relay',
  `${most?.commands ?? NaN} commands for ${SYSTEMS} systems in ${most?.seconds ?? NaN} s, ${most?.commandsPerS ?? NaN} a second; ` +
    `relay ${most?.relayCpuS ?? NaN} s CPU for 1,000 (${least?.relayCpuS ?? NaN} s when ${least?.commands ?? NaN} are queued), ` +
    `${most?.relayMb ?? NaN} MB at most; a look at all of them takes ${most?.firstLookMs ?? NaN} ms; ` +
    `${capped?.commandsPerS ?? NaN} a second from a hub that lists ${capped?.listedAtMost ?? NaN} at most`,
  { systems: SYSTEMS, measurements },
);

async function workOff({ count, maxRunning }: Load, atEnd: AtEnd): Promise<Measurement> {
  const broker = await startBroker(LAB, atEnd);
  const hub = await startStockHub({ maxRunning }, atEnd);
  await startInstantWorker({ amqpUrl: broker.url, lab: LAB, hub }, atEnd);
  const relay = await startRelay({ hubUrl: hub.url, broker }, atEnd);
  const pids = [relay.pid, broker.pid(), process.pid];

  const commands = Array.from({ length: count }, (_, index) => command(index));
  const idleLooks = hub.looks.length;
  hub.queue(commands);
  const startedAt = performance.now();
  const before = pids.map((pid) => cpuTime(pid).ownMs);
  await waitUntil(() => hub.unfinished() === 0, { timeoutMs: LIMIT_MS, what: 'all commands to end' });
  const ms = performance.now() - startedAt;
  const [relayMs = NaN, brokerMs = NaN, ownMs = NaN] = pids.map(
    (pid, index) => cpuTime(pid).ownMs - (before[index] ?? 0),
  );
  await waitUntil(() => hub.looks.length > idleLooks + 1, { timeoutMs: 60_000, what: 'a second look' });
  const looks = hub.looks.slice(idleLooks);
  return {
    commands: count,
    listedAtMost: maxRunning === Infinity ? 'all' : maxRunning,
    seconds: round(ms / 1000),
    commandsPerS: round(count / (ms / 1000), 0),
    // Milliseconds for one command are seconds for a thousand.
    relayCpuS: round(relayMs / count, 2),
    brokerCpuS: round(brokerMs / count, 2),
    hubAndWorkerCpuS: round(ownMs / count, 2),
    relayCore: round(relayMs / ms, 2),
    relayMb: round(residentMemory(relay.pid).highestMb, 0),
    brokerMb: round(residentMemory(broker.pid()).highestMb, 0),
    looks: looks.length,
    ...firstLook(looks),
  };
}

function firstLook(looks: readonly Look[]): Pick<Measurement, 'firstReadMs' | 'firstLookMs' | 'listMb'> {
  const index = looks.findIndex(({ listed }) => listed > 0);
  const [look, next] = looks.slice(index, index + 2);
  if (look === undefined || next === undefined) throw new Error('expected two looks at the hub');
  return {
    firstReadMs: round(look.readMs, 0),
    firstLookMs: round(lookMs(next.askedAt - look.askedAt), 0),
    listMb: round(look.bytes / 1e6),
  };
}

/** After a look the relay rests for its interval, or for as long as the look took. */
function lookMs(untilNextMs: number): number {
  return untilNextMs > 2 * INTERVAL_MS ? untilNextMs / 2 : untilNextMs - INTERVAL_MS;
}

/** Every system has its turn before any has its second. */
function command(index: number): Command {
  return powerCommand({ id: index + 1, fqdn: `system-${index % SYSTEMS}.${LAB}` });
}

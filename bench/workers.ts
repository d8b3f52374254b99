import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startLab, type Lab } from './lib/lab.ts';
import { cpuTime } from './lib/process-usage.ts';
import { startRelay } from './lib/relay-process.ts';
import type { RoleProcess } from './lib/role-process.ts';
import { runXargs } from './lib/run-xargs.ts';
import { median, round } from './lib/statistics.ts';
import { startWorker } from './lib/worker-process.ts';
import { withCleanup, type AtEnd } from './lib/with-cleanup.ts';
import { writeResults } from './lib/write-results.ts';

/*
 * What more workers bring to a lab: one, two and four of them, each with the same few slots, on the same load, which a relay brings them from
 * a stock hub. Two loads: scripts that end at once need nothing but processor time, which all workers share on one machine; scripts that
 * wait, as those for real machines do, need slots, and each worker brings some. Beside it xargs runs the same scripts, as many at once.
 */

const WORKERS = [1, 2, 4];
const SLOTS = 8;
const PICK_UPS = 12;
/** Between two commands whose pick-up is measured: no part of the relay's interval, so that they come at all moments of it. */
const PICK_UP_EVERY_MS = 437;
const SCRIPT = fileURLToPath(new URL('../power-scripts/dummy', import.meta.url));

interface Load {
  readonly name: string;
  readonly commands: number;
  /** How long each script sleeps. */
  readonly scriptS: number;
}

const LOADS: readonly Load[] = [
  { name: 'scripts end at once', commands: 800, scriptS: 0 },
  { name: 'scripts sleep 1 s', commands: 128, scriptS: 1 },
];

/** Factors are of what one worker does. */
interface Measurement {
  readonly load: string;
  readonly workers: number;
  readonly commandsPerS: number;
  readonly factor: number;
  readonly xargsPerS: number;
  readonly ofXargs: number;
  /** Of all workers and their scripts, a command. */
  readonly workersCpuMs: number;
  /** How many cores the workers, scripts, hub, relay and broker kept busy together. */
  readonly coresBusy: number;
  /** Part of the time in which the hub was in the middle of something: at work, or waiting for the disk or for a core. */
  readonly hubBusy: number;
  /** From the queueing at the hub until the claim, in an idle lab. */
  readonly pickUpMs: number;
  readonly pickUpFactor: number;
}

const measurements: Measurement[] = [];
for (const load of LOADS) measurements.push(...(await withCleanup((atEnd) => measure(load, atEnd))));
console.table(measurements);
const summaries = LOADS.map(({ name }) => {
  const factors = measurements.filter(({ load }) => load === name);
  const texts = factors.map(
    ({ workers, factor, commandsPerS }) => `${workers}: ${factor} (${commandsPerS}/s)`,
  );
  return `${name}: ${texts.join(', ')}`;
});
writeResults('workers', `workers and times what one does: ${summaries.join('; ')}`, {
  slots: SLOTS,
  measurements,
});

/** Workers are added to the lab, so that all numbers of them have the same broker and hub. */
async function measure(load: Load, atEnd: AtEnd): Promise<readonly Measurement[]> {
  const power = { powerType: 'dummy', powerId: String(load.scriptS) };
  const lab = await startLab({ systems: load.commands, ...power }, atEnd);
  const relay = await startRelay(lab, atEnd);
  const workers: RoleProcess[] = [];
  const found: Measurement[] = [];
  for (const count of WORKERS) {
    while (workers.length < count) {
      workers.push(await startWorker({ lab, concurrency: SLOTS, isPrimary: workers.length === 0 }, atEnd));
      // Each has its compiling behind it.
      await throughLab(lab, Math.round(load.commands / 5));
    }
    found.push(await measureWith({ load, lab, relay, workers, one: found[0] }));
  }
  return found;
}

interface Running {
  readonly load: Load;
  readonly lab: Lab;
  readonly relay: RoleProcess;
  readonly workers: readonly RoleProcess[];
  /** What one worker did; undefined while there is one. */
  readonly one: Measurement | undefined;
}

async function measureWith({ load, lab, relay, workers, one }: Running): Promise<Measurement> {
  const pickUpMs = round(await idlePickUp(lab), 0);
  const workerPids = workers.map(({ pid }) => pid);
  const otherPids = [relay.pid, process.pid, lab.broker.pid()];
  const cpu = (): readonly number[] => [cpuOf(workerPids), cpuOf(otherPids)];
  const [workersBefore = NaN, othersBefore = NaN] = cpu();
  const hubBefore = performance.eventLoopUtilization();
  const ms = await throughLab(lab, load.commands);
  const [workersAfter = NaN, othersAfter = NaN] = cpu();
  const hubBusy = performance.eventLoopUtilization(hubBefore).utilization;
  const workersMs = workersAfter - workersBefore;
  const xargsMs = await throughXargs(load, workers.length * SLOTS);
  const commandsPerS = round(load.commands / (ms / 1000));
  return {
    load: load.name,
    workers: workers.length,
    commandsPerS,
    factor: round(commandsPerS / (one?.commandsPerS ?? commandsPerS), 2),
    xargsPerS: round(load.commands / (xargsMs / 1000)),
    ofXargs: round(xargsMs / ms, 2),
    workersCpuMs: round(workersMs / load.commands),
    coresBusy: round((workersMs + othersAfter - othersBefore) / ms, 2),
    hubBusy: round(hubBusy, 2),
    pickUpMs,
    pickUpFactor: round(pickUpMs / (one?.pickUpMs ?? pickUpMs), 2),
  };
}

/** How long it takes until all of the commands, queued at once, have ended. */
async function throughLab(lab: Lab, count: number): Promise<number> {
  const startedAt = performance.now();
  await lab.ended(lab.queue(count));
  return performance.now() - startedAt;
}

/** The middle one of a few commands, one after the other and each for a system of its own. */
async function idlePickUp(lab: Lab): Promise<number> {
  const times: number[] = [];
  const ends: Promise<void>[] = [];
  for (let nth = 0; nth < PICK_UPS; nth += 1) {
    const queuedAt = performance.now();
    const commands = lab.queue(1, { from: nth });
    ends.push(
      lab.claimed(commands).then(() => void times.push(performance.now() - queuedAt)),
      lab.ended(commands),
    );
    await sleep(PICK_UP_EVERY_MS);
  }
  await Promise.all(ends);
  return median(times);
}

function cpuOf(pids: readonly number[]): number {
  return pids.map((pid) => cpuTime(pid)).reduce((sum, { ownMs, childrenMs }) => sum + ownMs + childrenMs, 0);
}

function throughXargs({ commands, scriptS }: Load, parallel: number): Promise<number> {
  const env = { PATH: process.env['PATH'] ?? '', power_id: String(scriptS), power_mode: 'on' };
  return runXargs({ file: SCRIPT, env, count: commands, parallel });
}

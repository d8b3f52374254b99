import { fileURLToPath } from 'node:url';
import { type Lab, startLab } from './lib/lab.ts';
import { cpuTime } from './lib/process-usage.ts';
import { runXargs } from './lib/run-xargs.ts';
import { median, round } from './lib/statistics.ts';
import { startWorker } from './lib/worker-process.ts';
import { withCleanup } from './lib/with-cleanup.ts';
import { writeResults } from './lib/write-results.ts';

/*
 * How many commands a second get from the broker through claim, script and report, beside xargs starting the very same script as often
 * and as many at once, in turn. Broker, hub, worker and scripts share the machine; xargs has it to itself.
 */

const COMMANDS = Number(process.env['BENCH_COMMANDS'] ?? 2_000);
const WARM_UP = 200;
const PAIRS = 3;
const CONCURRENCIES = [8, 32];
/** Measured on it, on two cores. */
const ORIGINAL_PER_S = 50;
const SCRIPT = fileURLToPath(new URL('../power-scripts/dummy', import.meta.url));

/** What one run through the worker took; processor time is in milliseconds a command. */
interface Run {
  readonly seconds: number;
  readonly workerCpuMs: number;
  readonly scriptsCpuMs: number;
  readonly hubCpuMs: number;
  readonly brokerCpuMs: number;
}

interface Pair {
  readonly concurrency: number;
  readonly commandsPerS: number;
  readonly xargsPerS: number;
  readonly ratio: number;
  readonly workerCpuMs: number;
  readonly scriptsCpuMs: number;
  readonly hubCpuMs: number;
  readonly brokerCpuMs: number;
}

const pairs = await withCleanup(async (atEnd) => {
  const lab = await startLab({ systems: COMMANDS, powerType: 'dummy', powerId: '0' }, atEnd);
  const measured: Pair[] = [];
  for (const concurrency of CONCURRENCIES) {
    const worker = await startWorker({ lab, concurrency }, atEnd);
    await throughWorker(lab, worker.pid, WARM_UP);
    for (let pair = 0; pair < PAIRS; pair += 1) {
      const run = await throughWorker(lab, worker.pid, COMMANDS);
      measured.push(pairOf(concurrency, run, await throughXargs(concurrency)));
    }
    await worker.stop();
  }
  return measured;
});

console.log(`${COMMANDS} commands; processor time in milliseconds a command`);
console.table(pairs);
const best = Math.max(...CONCURRENCIES.map((concurrency) => medianOf(concurrency, 'commandsPerS')));
const byConcurrency = CONCURRENCIES.map(
  (concurrency) =>
    `${medianOf(concurrency, 'commandsPerS')} commands/s at ${concurrency} at once ` +
    `(${medianOf(concurrency, 'ratio')} of xargs, worker ${medianOf(concurrency, 'workerCpuMs')} ms CPU each)`,
);
const timesOriginal = round(best / ORIGINAL_PER_S);
writeResults('throughput', `${byConcurrency.join('; ')}; ${timesOriginal} times the original's`, {
  commands: COMMANDS,
  originalPerS: ORIGINAL_PER_S,
  timesOriginal,
  pairs,
});

async function throughWorker(lab: Lab, workerPid: number, count: number): Promise<Run> {
  const commands = lab.queue(count);
  const before = usage(lab, workerPid);
  const startedAt = performance.now();
  const done = lab.ended(commands);
  commands.forEach(lab.push);
  await done;
  const seconds = (performance.now() - startedAt) / 1000;
  const after = usage(lab, workerPid);
  const each = (of: keyof Usage): number => (after[of] - before[of]) / count;
  return {
    seconds,
    workerCpuMs: each('worker'),
    scriptsCpuMs: each('scripts'),
    hubCpuMs: each('hub'),
    brokerCpuMs: each('broker'),
  };
}

interface Usage {
  readonly worker: number;
  readonly scripts: number;
  readonly hub: number;
  readonly broker: number;
}

function usage(lab: Lab, workerPid: number): Usage {
  const { ownMs: worker, childrenMs: scripts } = cpuTime(workerPid);
  return { worker, scripts, hub: cpuTime(process.pid).ownMs, broker: cpuTime(lab.brokerPid).ownMs };
}

/** The script gets what the worker gives it. */
function throughXargs(parallel: number): Promise<number> {
  const env = {
    PATH: process.env['PATH'] ?? '',
    power_address: '',
    power_id: '0',
    power_user: '',
    power_pass: '',
    power_mode: 'on',
  };
  return runXargs({ file: SCRIPT, env, count: COMMANDS, parallel });
}

function pairOf(concurrency: number, run: Run, xargsMs: number): Pair {
  const commandsPerS = COMMANDS / run.seconds;
  const xargsPerS = (COMMANDS / xargsMs) * 1000;
  return {
    concurrency,
    commandsPerS: round(commandsPerS, 0),
    xargsPerS: round(xargsPerS, 0),
    ratio: round(commandsPerS / xargsPerS, 2),
    workerCpuMs: round(run.workerCpuMs, 2),
    scriptsCpuMs: round(run.scriptsCpuMs, 2),
    hubCpuMs: round(run.hubCpuMs, 2),
    brokerCpuMs: round(run.brokerCpuMs, 2),
  };
}

function medianOf(concurrency: number, figure: keyof Pair): number {
  return median(pairs.filter((pair) => pair.concurrency === concurrency).map((pair) => pair[figure]));
}

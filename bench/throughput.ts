import { fileURLToPath } from 'node:url';
import { type Lab, startLab } from './lib/lab.ts';
import { cpuTime } from './lib/process-usage.ts';
import { runXargs } from './lib/run-xargs.ts';
import { median, round } from './lib/statistics.ts';
import { startWorker, type WorkerProcess } from './lib/worker-process.ts';
import { withCleanup } from './lib/with-cleanup.ts';
import { writeResults } from './lib/write-results.ts';

/*
 * How many commands a second get from the broker through claim, script and report, beside xargs starting the very same script as often
 * and as many at once, in turn. Broker, hub, worker and scripts share the machine; xargs has it to itself.
 */

const COMMANDS = 2_000;
/** A busy machine gets fewer commands, so that one run takes no longer than this. */
const RUN_S = 10;
/** The worker lives for months: what compiling takes in its first seconds is not what a command costs. */
const WARM_UP = 500;
const PAIRS = 3;
const CONCURRENCIES = [8, 32];
/** No further pair is begun later than this. */
const BUDGET_MS = 25_000;
/** Measured on it, on two cores. */
const ORIGINAL_PER_S = 50;
const SCRIPT = fileURLToPath(new URL('../power-scripts/dummy', import.meta.url));

/** Processor time in milliseconds. */
interface CpuMs {
  readonly workerCpuMs: number;
  readonly scriptsCpuMs: number;
  readonly hubCpuMs: number;
  readonly brokerCpuMs: number;
}

/** Commands through the worker beside the same script through xargs; processor time is for each command. */
interface Pair extends CpuMs {
  readonly concurrency: number;
  readonly commands: number;
  readonly commandsPerS: number;
  readonly xargsPerS: number;
  readonly ratio: number;
}

const pairs = await withCleanup(async (atEnd) => {
  const lab = await startLab({ systems: COMMANDS, powerType: 'dummy', powerId: '0' }, atEnd);
  const measured: Pair[] = [];
  for (const concurrency of CONCURRENCIES) {
    const worker = await startWorker({ lab, concurrency }, atEnd);
    const warmUp = await throughWorker(lab, worker, WARM_UP);
    const commands = Math.min(COMMANDS, Math.round((WARM_UP / warmUp.ms) * 1000 * RUN_S));
    const startedAt = performance.now();
    for (let pair = 0; pair < PAIRS && performance.now() - startedAt < BUDGET_MS; pair += 1) {
      const { ms, ...cpuMs } = await throughWorker(lab, worker, commands);
      const xargsMs = await throughXargs(commands, concurrency);
      const commandsPerS = round(commands / (ms / 1000), 0);
      const xargsPerS = round(commands / (xargsMs / 1000), 0);
      const ratio = round(xargsMs / ms, 2);
      measured.push({ concurrency, commands, commandsPerS, xargsPerS, ratio, ...cpuMs });
    }
    await worker.stop();
  }
  return measured;
});

console.log('Processor time is in milliseconds a command.');
console.table(pairs);
const best = Math.max(...CONCURRENCIES.map((concurrency) => medianOf(concurrency, 'commandsPerS')));
const byConcurrency = CONCURRENCIES.map(
  (concurrency) =>
    `${medianOf(concurrency, 'commandsPerS')} commands/s at ${concurrency} at once ` +
    `(${medianOf(concurrency, 'ratio')} of xargs, worker ${medianOf(concurrency, 'workerCpuMs')} ms CPU each)`,
);
const timesOriginal = round(best / ORIGINAL_PER_S);
writeResults('throughput', `${byConcurrency.join('; ')}; ${timesOriginal} times the original's`, {
  originalPerS: ORIGINAL_PER_S,
  timesOriginal,
  pairs,
});

async function throughWorker(
  lab: Lab,
  worker: WorkerProcess,
  count: number,
): Promise<CpuMs & { ms: number }> {
  const commands = lab.queue(count);
  const before = cpuUntilNow(lab, worker);
  const startedAt = performance.now();
  const done = lab.ended(commands);
  commands.forEach(lab.push);
  await done;
  const ms = performance.now() - startedAt;
  const after = cpuUntilNow(lab, worker);
  const each = (of: keyof CpuMs): number => round((after[of] - before[of]) / count, 2);
  return {
    ms,
    workerCpuMs: each('workerCpuMs'),
    scriptsCpuMs: each('scriptsCpuMs'),
    hubCpuMs: each('hubCpuMs'),
    brokerCpuMs: each('brokerCpuMs'),
  };
}

function cpuUntilNow(lab: Lab, worker: WorkerProcess): CpuMs {
  const { ownMs: workerCpuMs, childrenMs: scriptsCpuMs } = cpuTime(worker.pid);
  const hubCpuMs = cpuTime(process.pid).ownMs;
  return { workerCpuMs, scriptsCpuMs, hubCpuMs, brokerCpuMs: cpuTime(lab.broker.pid()).ownMs };
}

/** The script gets what the worker gives it. */
function throughXargs(count: number, parallel: number): Promise<number> {
  const env = {
    PATH: process.env['PATH'] ?? '',
    power_address: '',
    power_id: '0',
    power_user: '',
    power_pass: '',
    power_mode: 'on',
  };
  return runXargs({ file: SCRIPT, env, count, parallel });
}

function medianOf(concurrency: number, figure: keyof Pair): number {
  return median(pairs.filter((pair) => pair.concurrency === concurrency).map((pair) => pair[figure]));
}

import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../tests/helpers/wait-until.ts';
import { startLab } from './lib/lab.ts';
import { residentMemory } from './lib/process-usage.ts';
import { round } from './lib/statistics.ts';
import { startWorker } from './lib/worker-process.ts';
import { withCleanup } from './lib/with-cleanup.ts';
import { writeResults } from './lib/write-results.ts';

/* What the worker keeps in memory: connected and idle, and with a thousand power scripts running at once. */

const SCRIPTS = 1_000;
/** Longer than the bench: a second signal to the worker ends the scripts. */
const SCRIPT_S = 600;
/** Until what starting needed, and running does not, has had its chance to be freed. */
const SETTLE_MS = 3_000;
/** Measured on it. */
const ORIGINAL = { idleMb: 50, busyMb: 92 };

const found = await withCleanup(async (atEnd) => {
  const lab = await startLab({ systems: SCRIPTS, powerType: 'dummy', powerId: String(SCRIPT_S) }, atEnd);
  const worker = await startWorker({ lab, concurrency: SCRIPTS }, atEnd);
  await sleep(SETTLE_MS);
  const idleMb = round(residentMemory(worker.pid).nowMb, 0);

  const startedAt = performance.now();
  lab.queue(SCRIPTS).forEach(lab.push);
  await waitUntil(() => childrenOf(worker.pid) === SCRIPTS, {
    timeoutMs: 60_000,
    what: `${SCRIPTS} scripts to run`,
  });
  const startingS = round((performance.now() - startedAt) / 1000);
  await sleep(SETTLE_MS);
  const { nowMb, highestMb } = residentMemory(worker.pid);
  return { idleMb, busyMb: round(nowMb, 0), highestMb: round(highestMb, 0), startingS };
});

const kbPerScript = round(((found.busyMb - found.idleMb) * 1000) / SCRIPTS, 0);
console.table({
  'idle, connected': { 'resident MB': found.idleMb, 'the original': ORIGINAL.idleMb },
  [`${SCRIPTS} scripts running`]: { 'resident MB': found.busyMb, 'the original': ORIGINAL.busyMb },
  'highest while starting them': { 'resident MB': found.highestMb },
});
console.log(`${kbPerScript} kB a script; all ${SCRIPTS} were running after ${found.startingS} s`);
writeResults(
  'memory',
  `${found.idleMb} MB idle (${round(found.idleMb / ORIGINAL.idleMb)} times the original), ` +
    `${found.busyMb} MB with ${SCRIPTS} scripts (${round(found.busyMb / ORIGINAL.busyMb)} times)`,
  { scripts: SCRIPTS, ...found, kbPerScript, original: ORIGINAL },
);

/** How many living children the process has; see proc_pid_task_children(5) for each of its threads. */
function childrenOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`)
    .map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8'))
    .reduce((count, pids) => count + pids.split(' ').filter((text) => text !== '').length, 0);
}

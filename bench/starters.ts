import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chooseStarter } from '../src/process/choose-starter.ts';
import { createRunner, type RunProcess } from '../src/process/run-process.ts';
import { runXargs } from './lib/run-xargs.ts';
import { round } from './lib/statistics.ts';
import { writeResults } from './lib/write-results.ts';

/*
 * How many programs a second each starter (PROCESS_STARTER) runs in this process, 50 at once, beside xargs starting the same program as
 * often and as many at once. It is a soak as well: each exit status and output is checked, and at the end open descriptors
 * and children that were not taken from the kernel.
 */

const RUNS = { posix: 20_000, node: 2_000 };
const PARALLEL = 50;
const SCRIPT = fileURLToPath(new URL('../power-scripts/dummy', import.meta.url));
const ENV = { PATH: '/usr/bin:/bin', power_mode: 'on', power_id: '0' };

const measured = [];
for (const name of ['posix', 'node'] as const) {
  const dir = mkdtempSync(join(tmpdir(), 'starters-'));
  try {
    const { starter } = await chooseStarter(name, join(dir, 'pipes'));
    measured.push({ starter: name, ...(await measure(createRunner(starter), RUNS[name])) });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
console.table(measured);
const ratios = measured.map(({ starter, ratio }) => `${starter} ${ratio} times xargs`);
writeResults('starters', ratios.join(', '), { measured });
process.exit(
  measured.every(
    ({ wrong, leakedDescriptors, zombies }) => wrong === 0 && leakedDescriptors <= 0 && zombies === 0,
  )
    ? 0
    : 1,
);

async function measure(run: RunProcess, count: number) {
  await run({ file: SCRIPT, env: ENV, timeoutMs: 10_000 });
  const descriptors = openDescriptors();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const wrong = await runAll(run, count);
  const ms = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  delay.disable();
  const xargsMs = await runXargs({ file: SCRIPT, env: ENV, count, parallel: PARALLEL });
  return {
    runs: count,
    wrong,
    perS: round(count / (ms / 1000), 0),
    xargsPerS: round(count / (xargsMs / 1000), 0),
    ratio: round(xargsMs / ms, 2),
    cpuMsARun: round((user + system) / 1000 / count, 2),
    loopDelayP99Ms: round(delay.percentile(99) / 1e6, 1),
    leakedDescriptors: await leakedDescriptors(descriptors),
    zombies: zombies(),
  };
}

/** Runs the program so often; gives how many runs did not end as they must. */
async function runAll(run: RunProcess, count: number): Promise<number> {
  let begun = 0;
  let wrong = 0;
  const inTurn = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      const { exitStatus, output, end } = await run({ file: SCRIPT, env: ENV, timeoutMs: 60_000 });
      if (exitStatus !== 0 || output !== '' || end !== 'exited') wrong += 1;
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, inTurn));
  return wrong;
}

/** How many more are open than before. A pipe that was not at its end soon after its script's exit is read for a second more. */
async function leakedDescriptors(before: number): Promise<number> {
  for (let looks = 0; looks < 30 && openDescriptors() > before; looks += 1) await setTimeout(100);
  return openDescriptors() - before;
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

/** Children of this process that have ended and are still there. */
function zombies(): number {
  const isOurs = new RegExp(`\\) Z ${process.pid} `);
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isOurs.test(statOf(name))).length;
}

function statOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return '';
  }
}

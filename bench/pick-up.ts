import type { Command } from '../src/command.ts';
import { startLab } from './lib/lab.ts';
import { startNotices } from './lib/start-notices.ts';
import { median, round, spreadOf } from './lib/statistics.ts';
import { startWorker } from './lib/worker-process.ts';
import { withCleanup } from './lib/with-cleanup.ts';
import { writeResults } from './lib/write-results.ts';

/*
 * How long after a command is published its power script starts: through RabbitMQ, the worker, and the claim at the hub. One command after
 * the other, each for an idle system. Between any two the same script is started from here, to show what starting alone takes.
 */

const COMMANDS = 300;
const WARM_UP = 50;
/** It polls every 20 s, so a command waits for half of that on average. */
const ORIGINAL_MS = 10_000;

const { pickUpMs, bareMs } = await withCleanup(async (atEnd) => {
  const notices = startNotices(atEnd);
  const { scriptsDir, powerType } = notices;
  const lab = await startLab({ systems: COMMANDS, powerType, powerId: '' }, atEnd);
  await startWorker({ lab, concurrency: 50, scriptsDir }, atEnd);

  const pickUp = async (command: Command): Promise<number> => {
    const done = lab.ended([command]);
    const publishedAt = performance.now();
    const started = notices.next();
    lab.push(command);
    const ms = (await started) - publishedAt;
    await done;
    return ms;
  };
  const bare = async (): Promise<number> => {
    const spawnedAt = performance.now();
    const [ms] = await Promise.all([notices.next().then((at) => at - spawnedAt), notices.runBare()]);
    return ms;
  };
  for (const command of lab.queue(WARM_UP)) await pickUp(command);
  const times = { pickUpMs: [] as number[], bareMs: [] as number[] };
  for (const command of lab.queue(COMMANDS)) {
    times.pickUpMs.push(await pickUp(command));
    times.bareMs.push(await bare());
  }
  return times;
});

const pickUp = spreadOf(pickUpMs);
const bare = spreadOf(bareMs);
const timesFaster = round(ORIGINAL_MS / median(pickUpMs), 0);
console.table({ 'published → script started': pickUp, 'spawned → script started': bare });
console.log(`The original takes ${ORIGINAL_MS} ms on average: ${timesFaster} times as long as the median.`);
writeResults(
  'pick-up',
  `published → script started: median ${pickUp.medianMs} ms, 99th percentile ${pickUp.p99Ms} ms, ` +
    `of which starting the script is ${bare.medianMs} ms; the original takes ${timesFaster} times as long`,
  { commands: COMMANDS, pickUp, bare, originalMs: ORIGINAL_MS, timesFaster },
);

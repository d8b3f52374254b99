import { join } from 'node:path';
import { copySyslinuxFiles } from './actions/netboot/syslinux-files.ts';
import { chooseStarter } from './process/choose-starter.ts';
import { createRunner } from './process/run-process.ts';
import { imageProxies } from './actions/netboot/images/fetcher.ts';
import { hubProxy } from './hub-from.ts';
import { aborted, wait } from './wait.ts';
import { createParts, type Parts } from './worker/parts.ts';
import { recover } from './worker/recovery.ts';
import { startSources } from './worker/sources.ts';
import { startWatches } from './worker/watches.ts';
import { abortUnreadable } from './worker/unreadable-entries.ts';
import { SystemsOff } from './worker/systems-off.ts';
import { whenThereIsRoom } from './worker/wait-for-room.ts';
import type { WorkerOptions } from './worker/worker-options.ts';

/** How long a stopping worker tries to deliver its last outcomes. What is left is delivered after the next start. */
const LAST_OUTCOMES_MS = 30_000;
const LOOK_MS = 500;

/**
 * Runs a worker until `stopping`: starts its parts in order, from the journal to the sources, and stops them in reverse.
 * @throws ConfigError when it cannot start as it is configured. A hub or broker that is away is waited for.
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { config, environment, stopping, killing, log } = options;
  const { starter, reason } = await chooseStarter(config.processStarter, join(config.stateDir, 'pipes'));
  const open = (): Parts => createParts(options, createRunner(starter));
  const parts = await whenThereIsRoom(open, { signal: stopping, log });
  if (parts === undefined) return;
  const { hub, images, publisher, journal, answers, reporter, queue, colleagues, troubles } = parts;
  log.info('worker starts', {
    lab: config.lab,
    hub: config.hubUrl,
    hubProxy: hubProxy(config, environment),
    ...imageProxies(environment),
    broker: publisher !== undefined,
    starter: starter.name,
    ...(reason !== undefined && { noPosixStarter: reason }),
  });
  await copySyslinuxFiles(config.tftpRoot, log);
  recover({
    journal,
    queue,
    onTold: (entry) => answers.owed(entry),
    onSystemOff: (command) => new SystemsOff(troubles).isOff(command),
    signal: stopping,
    log,
  });
  const aborting = abortUnreadable({ ...parts, signal: stopping, log });
  const sources = startSources({
    ...parts,
    config,
    isClaimedHere: (id) => parts.claimed.has(id),
    hear: (session) => colleagues?.hear(session) ?? Promise.resolve(),
    onChange: () => colleagues?.changed(),
    log,
  });
  parts.modeFrom(sources);
  const watches = startWatches(parts, options);
  options.onLookNow?.(() => sources.lookNow());
  killing.addEventListener('abort', () => {
    giveUpHub(parts);
  });

  await aborted(stopping);
  log.info('worker stops', { underWay: queue.underWay() });
  const paused = sources.pause();
  queue.stop();
  await paused;
  await lastWork(parts);
  answers.stop();
  await reporter.stop();
  await watches.stop();
  await colleagues?.stop();
  await sources.close();
  await aborting;
  await publisher?.stop();
  await hub.close();
  await images.close();
  const kept = journal.entries().length;
  journal.close();
  log.info('worker stopped', kept === 0 ? {} : { keptForTheNextStart: kept });
}

/** Waits for what is under way. Once no script runs, the hub gets a while for the last claims and outcomes, and no longer. */
async function lastWork(parts: Parts): Promise<void> {
  const { queue } = parts;
  const done = new AbortController();
  const idle = queue.idle().then(() => done.abort());
  for (let quietMs = 0; await wait(LOOK_MS, done.signal); quietMs += LOOK_MS) {
    if (queue.counts().running > 0) quietMs = 0;
    else if (quietMs === LAST_OUTCOMES_MS) giveUpHub(parts);
  }
  await idle;
}

/** Ends all calls. What the hub has not answered by now is in the journal, and is resolved after the next start. */
function giveUpHub({ reporter, hub }: Parts): void {
  void reporter.stop();
  void hub.close();
}

import { hostname } from 'node:os';
import { runAction } from './actions/run-action.ts';
import { Publisher } from './broker/publisher.ts';
import { labTopology } from './broker/topology.ts';
import { claim } from './claim/claim.ts';
import { watchLostClaims } from './claim/lost-claims.ts';
import { watchOrphans } from './claim/orphans.ts';
import type { Config } from './config/config.ts';
import type { HubClient } from './hub/hub-client.ts';
import type { Logger } from './logger.ts';
import { systemClock } from './queue/clock.ts';
import { CommandQueue } from './queue/command-queue.ts';
import { Answers } from './report/answers.ts';
import { Journal } from './report/journal.ts';
import { Reporter } from './report/reporter.ts';
import { aborted, backoffMs, wait } from './wait.ts';
import { hubFrom } from './hub-from.ts';
import { recover } from './worker/recovery.ts';
import { runCommand } from './worker/run-command.ts';
import { startSources } from './worker/sources.ts';

export interface WorkerOptions {
  readonly config: Config;
  /** The process's environment, of which power scripts get an allow-listed part. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** First request to stop: nothing new, what runs may end. */
  readonly stopping: AbortSignal;
  /** Second request: what runs is ended. */
  readonly killing: AbortSignal;
  /** Is given the function that makes the worker look at the hub's list at once. */
  readonly onLookNow?: (lookNow: () => void) => void;
  readonly log: Logger;
}

const CLAIM_BACKOFF = { firstMs: 500, maxMs: 60_000 };
const LOST_CLAIMS_MS = 1_000;
/** How long a stopping worker tries to deliver its last outcomes. What is left is delivered after the next start. */
const LAST_OUTCOMES_MS = 30_000;
const LOOK_MS = 500;

/**
 * Runs a worker until `stopping`: starts its parts in order, from the journal to the sources, and stops them in reverse.
 * @throws ConfigError when it cannot start as it is configured. A hub or broker that is away is waited for.
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { config, stopping, killing, log } = options;
  const parts = createParts(options);
  const { hub, publisher, journal, answers, reporter, queue } = parts;
  log.info('worker starts', { lab: config.lab, hub: config.hubUrl, broker: publisher !== undefined });
  recover({ journal, queue, onTold: (entry) => answers.owed(entry), signal: stopping, log });
  const sources = startSources({ config, hub, queue, publisher, log });
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
  await sources.close();
  await publisher?.stop();
  await hub.close();
  const kept = journal.entries().length;
  journal.close();
  log.info('worker stopped', kept === 0 ? {} : { keptForTheNextStart: kept });
}

interface Parts {
  readonly journal: Journal;
  readonly hub: HubClient;
  /** Undefined in a lab without a broker. */
  readonly publisher: Publisher | undefined;
  readonly answers: Answers;
  readonly reporter: Reporter;
  readonly queue: CommandQueue;
}

function createParts(options: WorkerOptions): Parts {
  const { config, log } = options;
  const journal = new Journal(config.stateDir);
  const hub = hubFrom(config, log);
  const publisher = startPublisher(config, log);
  const answers = new Answers({ publisher, journal, lab: config.lab, worker: workerName(), log });
  const reporter = new Reporter({ hub, journal, onAccepted: (entry) => answers.ended(entry), log });
  const queue = createQueue(options, { hub, journal, reporter, answers });
  return { journal, hub, publisher, answers, reporter, queue };
}

/** What looks at the hub for the sake of commands that are not ours. */
function startWatches(
  { hub, publisher, journal, queue }: Parts,
  { config, log }: WorkerOptions,
): { stop: () => Promise<void> } {
  const done = new AbortController();
  const { signal } = done;
  const watches = [
    watchLostClaims({
      hub,
      runningElsewhere: () => queue.runningElsewhere(),
      onEnded: (id) => queue.endedElsewhere(id),
      intervalMs: LOST_CLAIMS_MS,
      signal,
      log,
    }),
  ];
  if (publisher === undefined && config.fallbackPrimary) {
    const isOurs = (id: number): boolean =>
      queue.phaseOf(id) !== undefined || journal.entry(id) !== undefined;
    watches.push(watchOrphans({ hub, isOurs, intervalMs: config.sleepTimeS * 1000, signal, log }));
  }
  return {
    stop: async () => {
      done.abort();
      await Promise.all(watches);
    },
  };
}

function createQueue(
  options: WorkerOptions,
  { hub, journal, reporter, answers }: Omit<Parts, 'queue' | 'publisher'>,
): CommandQueue {
  const { config, environment, stopping, killing, log } = options;
  const faults = new Map<number, number>();
  return new CommandQueue({
    concurrency: config.concurrency,
    lastPowerEnd: (fqdn) => journal.lastPowerEnd(fqdn),
    claimRetryMs: (attempt) => backoffMs(attempt, CLAIM_BACKOFF),
    clock: systemClock,
    handlers: {
      claim: (command, arrival) =>
        claim(command, arrival, {
          hub,
          journal,
          faults,
          log: log.child({ id: command.id, fqdn: command.fqdn }),
        }),
      run: (command) =>
        runCommand(command, {
          act: runAction,
          settings: config,
          environment,
          stopping,
          killing,
          journal,
          onStarted: (entry) => answers.running(entry),
          log,
        }),
      report: ({ id }) => reporter.report(id),
      alsoReplyTo: (id, reply) => answers.alsoTo(id, reply),
    },
  });
}

/** Results go out on a connection of their own; see `Publisher`. */
function startPublisher(config: Config, log: Logger): Publisher | undefined {
  if (config.amqpUrls.length === 0) return undefined;
  return new Publisher({
    urls: config.amqpUrls,
    caCert: config.amqpCaCert,
    heartbeatS: config.amqpHeartbeatS,
    probeIntervalMs: config.amqpFallbackDelayS * 1000,
    connectionName: `beaker-provision worker ${config.lab} results`,
    topology: config.amqpTopology,
    needs: labTopology,
    log,
  });
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

function workerName(): string {
  return `${hostname()}:${process.pid}`;
}

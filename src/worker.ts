import { runAction } from './actions/run-action.ts';
import { Publisher } from './broker/publisher.ts';
import { labTopology } from './broker/topology.ts';
import { claim, type ClaimOptions } from './claim/claim.ts';
import { Elsewhere } from './claim/elsewhere.ts';
import type { Command } from './command.ts';
import { watchOrphans } from './claim/orphans.ts';
import type { Config } from './config/config.ts';
import type { HubClient } from './hub/hub-client.ts';
import type { Logger } from './logger.ts';
import { systemClock } from './queue/clock.ts';
import { CommandQueue } from './queue/command-queue.ts';
import { RecentIds } from './queue/recent-ids.ts';
import { Answers } from './report/answers.ts';
import { Journal } from './report/journal.ts';
import { Reporter } from './report/reporter.ts';
import { Doubts } from './roster/doubts.ts';
import { Roster } from './roster/roster.ts';
import { steadyNow } from './steady-clock.ts';
import { aborted, backoffMs, wait } from './wait.ts';
import { hubFrom } from './hub-from.ts';
import type { WorkerMoment } from './worker/announcement.ts';
import { Colleagues, workerName } from './worker/colleagues.ts';
import { lastPowerEnd } from './worker/last-power-end.ts';
import { recover } from './worker/recovery.ts';
import { ResumedCommands } from './worker/resumed-commands.ts';
import { runCommand } from './worker/run-command.ts';
import { type Sources, startSources } from './worker/sources.ts';

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
const ELSEWHERE_MS = 1_000;
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
  const { hub, publisher, journal, answers, reporter, queue, colleagues } = parts;
  log.info('worker starts', { lab: config.lab, hub: config.hubUrl, broker: publisher !== undefined });
  recover({ journal, queue, onTold: (entry) => answers.owed(entry), signal: stopping, log });
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
  /** The other workers, as far as they are heard. */
  readonly roster: Roster;
  /** Undefined in a lab without a broker. */
  readonly colleagues: Colleagues | undefined;
  /** The commands that the hub has given to this worker lately. */
  readonly claimed: RecentIds;
  /** Lets announcements say where commands come from. */
  readonly modeFrom: (sources: Pick<Sources, 'mode'>) => void;
}

const CLAIMED_MS = 600_000;

function createParts(options: WorkerOptions): Parts {
  const { config, log } = options;
  const journal = new Journal(config.stateDir);
  const hub = hubFrom(config, log);
  const publisher = startPublisher(config, log);
  const answers = new Answers({ publisher, journal, lab: config.lab, worker: workerName(), log });
  const reporter = new Reporter({ hub, journal, onAccepted: (entry) => answers.ended(entry), log });
  const roster = new Roster({ self: journal.identity, now: steadyNow });
  for (const worker of journal.colleagues()) roster.expect(worker);
  const claimed = new RecentIds(CLAIMED_MS, systemClock);
  let sources: Pick<Sources, 'mode'> | undefined;
  let colleagues: Colleagues | undefined;
  const doubts = new Doubts({
    roster,
    ask: (token) => void colleagues?.ask(token),
    graceMs: config.orphanGraceS * 1000,
    now: steadyNow,
  });
  const queue = createQueue(options, {
    ...{ hub, journal, reporter, answers, roster, claimed },
    whose: (id) => (publisher === undefined ? 'ours' : doubts.whose(id)),
    announced: () => colleagues?.announced(options.stopping) ?? Promise.resolve(),
    onChange: () => colleagues?.changed(),
  });
  const mode = (): WorkerMoment['mode'] => sources?.mode() ?? 'starting';
  if (publisher !== undefined) {
    colleagues = new Colleagues({ config, publisher, hub, journal, queue, roster, mode, log });
  }
  const modeFrom = (from: Pick<Sources, 'mode'>): void => void (sources = from);
  return { journal, hub, publisher, answers, reporter, queue, roster, colleagues, claimed, modeFrom };
}

/** What looks at the hub for the sake of commands that are not ours. */
function startWatches(
  { hub, journal, queue, roster, colleagues }: Parts,
  { config, log }: WorkerOptions,
): { stop: () => Promise<void> } {
  const done = new AbortController();
  const { signal } = done;
  const elsewhere = colleagues ?? new Elsewhere({ self: workerName(), hub, queue, roster, journal, log });
  const watches = [elsewhere.watch(ELSEWHERE_MS, signal)];
  if (config.fallbackPrimary) {
    const graceMs = config.orphanGraceS * 1000;
    const others = colleagues && {
      roster,
      graceMs,
      longestRunMs: longestRunMs(config),
      hearOut: (until: AbortSignal) => colleagues.hearOut(until),
    };
    const isOurs = (id: number): boolean => {
      const phase = queue.phaseOf(id);
      const isUnderWay = phase === 'claiming' || phase === 'running' || phase === 'reporting';
      return journal.entry(id) !== undefined || isUnderWay || (others === undefined && phase !== undefined);
    };
    const sleepMs = config.sleepTimeS * 1000;
    const intervalMs = others === undefined ? sleepMs : Math.min(sleepMs, graceMs / 2);
    watches.push(watchOrphans({ hub, isOurs, others, intervalMs, signal, log }));
  }
  return {
    stop: async () => {
      done.abort();
      await Promise.all(watches);
    },
  };
}

/** A reboot is two scripts, each tried so often; between tries there are pauses. */
function longestRunMs({ powerAttempts, powerTimeoutS }: Config): number {
  return 2 * powerAttempts * (powerTimeoutS + PAUSE_S) * 1000;
}

const PAUSE_S = 60;

interface QueueParts extends Pick<Parts, 'hub' | 'journal' | 'reporter' | 'answers' | 'roster' | 'claimed'> {
  readonly whose: ClaimOptions['whose'];
  /** Resolves when other workers can know what this one has. */
  readonly announced: () => Promise<void>;
  /** Where one of our commands stands has changed. */
  readonly onChange: () => void;
}

function createQueue(options: WorkerOptions, parts: QueueParts): CommandQueue {
  const { config, environment, stopping, killing, log } = options;
  const { hub, journal, reporter, answers, roster, claimed, whose, announced, onChange } = parts;
  const faults = new Map<number, number>();
  const announcing = async <T>(work: Promise<T>): Promise<T> => {
    onChange();
    try {
      return await work;
    } finally {
      onChange();
    }
  };
  const resumed = new ResumedCommands({ hub, journal, announced, signal: stopping, log });
  const run = (command: Command): Promise<'ended' | 'interrupted'> =>
    runCommand(command, {
      act: runAction,
      settings: config,
      environment,
      stopping,
      killing,
      journal,
      onStarted: (entry) => answers.running(entry),
      log,
    });
  return new CommandQueue({
    concurrency: config.concurrency,
    lastPowerEnd: (fqdn) => lastPowerEnd(fqdn, { journal, roster }),
    claimRetryMs: (attempt) => backoffMs(attempt, CLAIM_BACKOFF),
    clock: systemClock,
    handlers: {
      claim: async (command, arrival) => {
        const about = log.child({ id: command.id, fqdn: command.fqdn });
        const asked = claim(command, arrival, { hub, journal, faults, whose, log: about });
        const answer = await announcing(asked);
        if (answer === 'won') claimed.add(command.id);
        return answer;
      },
      run: (command) =>
        announcing(config.amqpUrls.length === 0 ? run(command) : resumed.runIfOurs(command, run)),
      report: ({ id }) => announcing(reporter.report(id)),
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

import { join } from 'node:path';
import { ImageStore } from '../actions/netboot/images/image-store.ts';
import { OWN_DIRECTORY } from '../actions/netboot/make-directories.ts';
import { NameService, threadsForLookups } from '../actions/netboot/name-service.ts';
import { PowerScripts } from '../actions/power/power-scripts.ts';
import { Publisher } from '../broker/publisher.ts';
import { labTopology } from '../broker/topology.ts';
import type { Config } from '../config/config.ts';
import { DEFAULT_POWER_SCRIPTS_DIR } from '../config/settings/power-settings.ts';
import { hubFrom } from '../hub-from.ts';
import type { HubClient } from '../hub/hub-client.ts';
import type { Logger } from '../logger.ts';
import type { RunProcess } from '../process/run-process.ts';
import { systemClock } from '../queue/clock.ts';
import type { CommandQueue } from '../queue/command-queue.ts';
import { RecentIds } from '../queue/recent-ids.ts';
import { Answers } from '../report/answers.ts';
import { HubCheck } from '../report/hub-check.ts';
import { Journal } from '../report/journal.ts';
import type { JournalEntry } from '../report/journal-entry.ts';
import { RefusedOutcomes } from '../report/refused-outcomes.ts';
import { Reporter } from '../report/reporter.ts';
import { Doubts } from '../roster/doubts.ts';
import { Roster } from '../roster/roster.ts';
import { steadyNow } from '../steady-clock.ts';
import { Troubles } from '../troubles.ts';
import type { WorkerMoment } from './announcement.ts';
import { Colleagues, workerName } from './colleagues.ts';
import { createQueue } from './create-queue.ts';
import type { Sources } from './sources.ts';
import { Survivors } from './survivors.ts';
import { SystemsOff } from './systems-off.ts';
import type { WorkerOptions } from './worker-options.ts';

/** What a worker is made of. */
export interface Parts {
  readonly journal: Journal;
  readonly hub: HubClient;
  readonly images: ImageStore;
  /** Undefined in a lab without a broker. */
  readonly publisher: Publisher | undefined;
  readonly answers: Answers;
  /** Whether the hub is still the one that gave us what is journaled. */
  readonly check: HubCheck;
  readonly reporter: Reporter;
  readonly queue: CommandQueue;
  /** The other workers, as far as they are heard. */
  readonly roster: Roster;
  /** Undefined in a lab without a broker. */
  readonly colleagues: Colleagues | undefined;
  /** The commands that the hub has given to this worker lately. */
  readonly claimed: RecentIds;
  /** What an admin should look at, shown by `status`. */
  readonly troubles: Troubles;
  /** Lets announcements say where commands come from. */
  readonly modeFrom: (sources: Pick<Sources, 'mode'>) => void;
}

const CLAIMED_MS = 600_000;

/** Makes the parts, and opens the journal. @throws ConfigError when that cannot be */
export function createParts(options: WorkerOptions, runProcess: RunProcess): Parts {
  const { config, log } = options;
  let colleagues: Colleagues | undefined;
  const troubles = new Troubles(() => colleagues?.changed());
  const journal = new Journal(config.stateDir, { log, troubles });
  const hub = hubFrom(config, options.environment, log, () => check.lapse());
  const names = new NameService({ threads: threadsForLookups(options.environment) });
  const images = imageStore(options, names);
  const publisher = startPublisher(config, log);
  const { answers, check, reporter } = reporting(options, { hub, journal, publisher, troubles });
  const roster = new Roster({
    self: journal.identity,
    selfStartedAtMs: journal.startedAtMs,
    now: steadyNow,
    graceMs: config.orphanGraceS * 1000,
  });
  for (const worker of journal.colleagues()) roster.expect(worker);
  const claimed = new RecentIds(CLAIMED_MS, systemClock);
  let sources: Pick<Sources, 'mode'> | undefined;
  const doubts = new Doubts({
    roster,
    ask: (token) => void colleagues?.ask(token),
    graceMs: config.orphanGraceS * 1000,
    now: steadyNow,
  });
  const queue = createQueue(options, {
    ...{ hub, journal, reporter, check, answers, roster, claimed, systemsOff: new SystemsOff(troubles) },
    powerScripts: powerScripts(options, troubles),
    netboot: { images, writtenPaths: journal.writtenPaths, lookup: names.lookup },
    survivors: new Survivors({ troubles, signal: options.stopping, log }),
    runProcess,
    whose: (id) => (publisher === undefined ? 'ours' : doubts.whose(id)),
    announced: () => colleagues?.announced(options.stopping) ?? Promise.resolve(),
    onChange: () => colleagues?.changed(),
  });
  const mode = (): WorkerMoment['mode'] => sources?.mode() ?? 'starting';
  if (publisher !== undefined) {
    const shared = { config, publisher, hub, answers, journal, queue, roster, troubles, log };
    colleagues = new Colleagues({ ...shared, mode });
  }
  const modeFrom = (from: Pick<Sources, 'mode'>): void => void (sources = from);
  return {
    journal,
    hub,
    images,
    publisher,
    answers,
    check,
    reporter,
    queue,
    roster,
    colleagues,
    claimed,
    troubles,
    modeFrom,
  };
}

/** What brings outcomes to the hub and to those who asked for them. */
function reporting(
  { config, log }: WorkerOptions,
  { hub, journal, publisher, troubles }: Pick<Parts, 'hub' | 'journal' | 'publisher' | 'troubles'>,
): Pick<Parts, 'answers' | 'check' | 'reporter'> {
  const answers = new Answers({ publisher, journal, lab: config.lab, worker: workerName(), log });
  const check = new HubCheck({ hub, journal, log });
  const refused = new RefusedOutcomes(troubles);
  const onAccepted = (entry: JournalEntry): void => answers.ended(entry);
  return { answers, check, reporter: new Reporter({ hub, journal, onAccepted, check, refused, log }) };
}

function powerScripts({ config, log }: WorkerOptions, troubles: Troubles): PowerScripts {
  const { powerScriptsDir: adminDir } = config;
  return new PowerScripts({ adminDir, isRequired: adminDir !== DEFAULT_POWER_SCRIPTS_DIR, troubles, log });
}

const MB = 1_000_000;

function imageStore({ config, environment }: WorkerOptions, names: NameService): ImageStore {
  return new ImageStore({
    dir: join(config.tftpRoot, OWN_DIRECTORY, 'images'),
    cacheBytes: config.imageCacheMb * MB,
    maxImageBytes: config.imageMaxMb * MB,
    idleTimeoutMs: config.imageFetchTimeoutS * 1000,
    deadlineMs: config.imageFetchDeadlineS * 1000,
    caCert: config.caCert,
    sslVerify: config.sslVerify,
    environment,
    lookup: names.lookupOfImages,
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

import type { NetbootParts } from '../actions/action-context.ts';
import type { PowerScripts } from '../actions/power/power-scripts.ts';
import { runAction } from '../actions/run-action.ts';
import { claim, type ClaimOptions } from '../claim/claim.ts';
import type { Command } from '../command.ts';
import type { HubClient } from '../hub/hub-client.ts';
import type { RunProcess } from '../process/run-process.ts';
import { systemClock } from '../queue/clock.ts';
import { CommandQueue } from '../queue/command-queue.ts';
import type { RecentIds } from '../queue/recent-ids.ts';
import type { Answers } from '../report/answers.ts';
import type { HubCheck } from '../report/hub-check.ts';
import type { Journal } from '../report/journal.ts';
import type { Reporter } from '../report/reporter.ts';
import type { Roster } from '../roster/roster.ts';
import type { Claim } from '../queue/handlers.ts';
import { backoffMs } from '../wait.ts';
import { lastPowerEnd } from './last-power-end.ts';
import { ResumedCommands } from './resumed-commands.ts';
import { runCommand } from './run-command.ts';
import type { Survivors } from './survivors.ts';
import type { SystemsOff } from './systems-off.ts';
import type { WorkerOptions } from './worker-options.ts';

export interface QueueParts {
  readonly hub: HubClient;
  readonly journal: Journal;
  readonly reporter: Reporter;
  readonly check: HubCheck;
  readonly answers: Answers;
  readonly roster: Roster;
  /** Is told of each command that the hub has given to this worker. */
  readonly claimed: RecentIds;
  readonly powerScripts: PowerScripts;
  readonly netboot: NetbootParts;
  readonly systemsOff: SystemsOff;
  readonly survivors: Survivors;
  readonly runProcess: RunProcess;
  readonly whose: ClaimOptions['whose'];
  /** Resolves when other workers can know what this one has. */
  readonly announced: () => Promise<void>;
  /** Where one of our commands stands has changed. */
  readonly onChange: () => void;
}

const CLAIM_BACKOFF = { firstMs: 500, maxMs: 60_000 };
/** A journal that is full costs nothing to look at, and is looked at every second. */
const FULL_BACKOFF = { firstMs: 500, maxMs: 2_000 };

/** The queue of a worker: what claims, runs and reports its commands. */
export function createQueue(options: WorkerOptions, parts: QueueParts): CommandQueue {
  const { config, environment, stopping, killing, log } = options;
  const { hub, journal, check, reporter, answers, roster, claimed, powerScripts, netboot, systemsOff } =
    parts;
  const { survivors, runProcess, whose, announced, onChange } = parts;
  const faults = new Map<number, number>();
  const announcing = async <T>(work: Promise<T>): Promise<T> => {
    onChange();
    try {
      return await work;
    } finally {
      onChange();
    }
  };
  const onStaysOff = (command: Command): void => systemsOff.staysOff(command);
  const resumed = new ResumedCommands({
    ...{ hub, journal, check, announced, onStaysOff, log },
    hasOthers: config.amqpUrls.length > 0,
    signal: stopping,
  });
  const run = (command: Command): Promise<'ended' | 'interrupted'> =>
    runCommand(command, {
      act: runAction,
      settings: config,
      environment,
      runProcess,
      powerScripts,
      netboot,
      stopping,
      killing,
      journal,
      onStarted: (entry) => answers.running(entry),
      systemsOff,
      survivors,
      log,
    });
  return new CommandQueue({
    concurrency: config.concurrency,
    lastPowerEnd: (fqdn) => lastPowerEnd(fqdn, { journal, roster }),
    claimRetryMs: (attempt) => backoffMs(attempt, journal.isFull ? FULL_BACKOFF : CLAIM_BACKOFF),
    clock: systemClock,
    handlers: {
      claim: async (command, arrival) => {
        const about = log.child({ id: command.id, fqdn: command.fqdn });
        const ask = (): Promise<Claim> =>
          claim(command, arrival, { hub, journal, faults, whose, log: about });
        const answer = await announcing(resumed.claimIfSameHub(command, ask));
        if (answer === 'won') claimed.add(command.id);
        return answer;
      },
      run: (command) => announcing(resumed.runIfOurs(command, run)),
      report: async (command) => {
        await announcing(reporter.report(command.id));
        await survivors.gone(command);
      },
      alsoReplyTo: (id, reply) => answers.alsoTo(id, reply),
    },
  });
}

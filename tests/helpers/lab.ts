import { startCli, type CliOptions, type CliProcess } from './cli-process.ts';
import { FOREIGN_ACCOUNT, startForeignHub, type ForeignHub, type ForeignHubOptions } from './foreign-hub.ts';
import { violations, type CheckedCommand } from './history-checker.ts';
import { recordPower, type PowerRecorder } from './power-recorder.ts';
import { tempDir, type TempDir } from './temp-dir.ts';
import { waitUntil } from './wait-until.ts';

/** A power command of a lab; what is left out does not matter. */
export interface LabCommand {
  readonly id: number;
  readonly action?: string;
  readonly fqdn?: string;
  readonly address?: string;
  /** Type of the power recorder's script; `quick` unless given. */
  readonly type?: string;
  readonly delay?: number;
  readonly quiescentPeriod?: number;
}

/** A hub, machines that record what is done to them, and workers to do it. */
export interface Lab {
  readonly hub: ForeignHub;
  readonly power: PowerRecorder;
  readonly files: TempDir;
  /** A worker's settings for this lab; a state directory of its own by name. */
  settings(more?: CliOptions['settings'], state?: string): NonNullable<CliOptions['settings']>;
  /** Starts a worker with these settings beside the lab's. */
  startWorker(more?: CliOptions['settings'], options?: Omit<CliOptions, 'settings'>): CliProcess;
  /** Queues commands at the hub, where polling finds them; gives them in the hub's words, for pushing them as well. */
  queue(...commands: readonly LabCommand[]): readonly WireCommand[];
  /** A command in the hub's words; remembered, for the check. */
  listed(command: LabCommand): WireCommand;
  /** Waits until the hub knows the ends of these commands; of all, when none is named. */
  untilEnded(...ids: readonly number[]): Promise<void>;
  /** What has gone wrong with the commands of this lab so far. */
  violations(): readonly string[];
  close(): Promise<void>;
}

export type WireCommand = ReturnType<typeof wireCommand>;

/** Opens a lab with a hub of its own. */
export async function openLab(hubOptions?: ForeignHubOptions): Promise<Lab> {
  const hub = await startForeignHub(hubOptions);
  const power = recordPower();
  const files = tempDir();
  const workers: CliProcess[] = [];
  const known: CheckedCommand[] = [];
  const listed = (command: LabCommand): WireCommand => {
    const wire = wireCommand(command);
    known.push({ id: wire.id, action: wire.action, fqdn: wire.fqdn, address: wire.power.address });
    return wire;
  };
  const settings: Lab['settings'] = (more = {}, state = 'state') => ({
    HUB_URL: hub.url,
    USERNAME: FOREIGN_ACCOUNT.user,
    PASSWORD: FOREIGN_ACCOUNT.password,
    STATE_DIR: files.file(state),
    POWER_SCRIPTS_DIR: power.scriptsDir,
    SLEEP_TIME: 0.3,
    POWER_ATTEMPTS: 1,
    LOG_LEVEL: 'debug',
    ...more,
  });
  return {
    hub,
    power,
    files,
    settings,
    listed,
    startWorker: (more, options = {}) => {
      const worker = startCli(['worker'], { settings: settings(more), ...options });
      workers.push(worker);
      return worker;
    },
    queue: (...commands) => {
      const wires = commands.map(listed);
      hub.queue(...wires);
      return wires;
    },
    untilEnded: async (...ids) => {
      const open = (): readonly number[] =>
        (ids.length === 0 ? known.map(({ id }) => id) : ids).filter((id) => !hasEnded(hub, id));
      await waitUntil(() => open().length === 0, {
        timeoutMs: 40_000,
        what: `ends of ${ids.join(', ') || 'all'}`,
      });
    },
    violations: () => violations({ commands: known, events: hub.history, lines: power.lines() }),
    close: async () => {
      await Promise.all(workers.map((worker) => worker.kill()));
      await hub.close();
      power.remove();
      files.remove();
    },
  };
}

function hasEnded(hub: ForeignHub, id: number): boolean {
  const status = hub.latest(id)?.status;
  return status === 'Completed' || status === 'Failed' || status === 'Aborted';
}

/** The command in the hub's words. The recorder's scripts learn from user and id whom they are run for. */
export function wireCommand({
  id,
  action = 'on',
  fqdn = `sys${id}.lab.test`,
  address = '',
  type = 'quick',
  ...rest
}: LabCommand) {
  return {
    id,
    action,
    fqdn,
    delay: rest.delay ?? 0,
    quiescent_period: rest.quiescentPeriod ?? null,
    power: { type, address, id: fqdn, user: String(id), passwd: 'p0wer-pass' },
  };
}

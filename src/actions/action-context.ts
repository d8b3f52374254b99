import type { Command } from '../command.ts';
import type { Logger } from '../logger.ts';
import type { ProcessGroup } from '../process/process-group.ts';
import type { RunProcess } from '../process/run-process.ts';
import type { Survivor } from '../process/survivors-error.ts';
import type { ImageStore } from './netboot/images/image-store.ts';
import type { Lookup } from './netboot/name-service.ts';
import type { PowerScripts } from './power/power-scripts.ts';

/** Carries an action out. Resolves on success; throws CommandFailedError or InterruptedError. */
export type ActionFunction = (command: Command, context: ActionContext) => Promise<void>;

/** What an action may use besides its command. */
export interface ActionContext {
  readonly settings: ActionSettings;
  /** The daemon's own environment, of which scripts get an allow-listed part. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Marks the processes of this run, so that they are found after a crash; unique to the run's command and worker. */
  readonly marker: string;
  readonly powerScripts: Pick<PowerScripts, 'find'>;
  readonly netboot: NetbootParts;
  readonly log: Logger;
  /** First request to stop: nothing new is begun and no retry waited for; a script that runs ends by itself. */
  readonly stopping: AbortSignal;
  /** Second request, never without the first: the script that runs is ended. */
  readonly killing: AbortSignal;
  /** Told of each process group as it starts, before anything else happens. */
  readonly onProcessGroup: (group: ProcessGroup) => void;
  /** Told of processes of the run that cannot be killed: the command's lanes wait for their end. */
  readonly onSurvivors: (survivors: readonly Survivor[]) => void;
  /** Runs power scripts. */
  readonly runProcess: RunProcess;
  /** Told what the action leaves as it is on purpose, for people: it goes into the outcome. */
  readonly onLeft: (what: string) => void;
  readonly reboot: RebootProgress;
  /** Only tests have reason to change it. */
  readonly timing?: PowerTiming;
}

export interface ActionSettings {
  /** How often a power script is tried. */
  readonly powerAttempts: number;
  /** Of each attempt. */
  readonly powerTimeoutS: number;
  /** Names of variables of the daemon's environment that scripts get; with `*` at the end, all that begin so. */
  readonly powerEnvironment: readonly string[];
  /** Whether scripts may speak IPMI 1.5 to what does not answer to IPMI 2.0. */
  readonly ipmi15: 'never' | 'fallback';
  /** Where the console logs are; see `isLogOf`. */
  readonly consoleLogs: string;
  /** What the TFTP server serves. */
  readonly tftpRoot: string;
  /** Larger boot images are not put there, in megabytes. */
  readonly imageMaxMb: number;
  /** Whether s390x machines fetch their images by FTP. */
  readonly zpxeUseFtp: boolean;
}

/** What all netboot actions of a worker share. */
export interface NetbootParts {
  readonly images: Pick<ImageStore, 'withImage'>;
  readonly writtenPaths: WrittenPathsMemory;
  /** How names become addresses. */
  readonly lookup: Lookup;
}

/** Remembers what was written for each system; a path belongs to the system that wrote it last. */
export interface WrittenPathsMemory {
  of(fqdn: string): readonly string[];
  /** To be called before these are written. */
  add(fqdn: string, paths: readonly string[]): void;
  /** To be called when nothing but these is there any more. */
  keepOnly(fqdn: string, paths: readonly string[]): void;
}

/** How far a reboot has come, of which an earlier run of the worker may have done the first half. */
export interface RebootProgress {
  /** Whether the system is switched off already. */
  readonly isOff: boolean;
  /** To be called when it is, before anything else happens. */
  readonly switchedOff: () => void;
}

/** How long power actions wait between steps. */
export interface PowerTiming {
  /** Before attempt `n`, from 2. */
  readonly retryDelayMs: (attempt: number) => number;
  /** Between a reboot's off and its on. */
  readonly rebootPauseMs: number;
}

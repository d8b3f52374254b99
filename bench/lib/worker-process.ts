import { ACCOUNT } from './account.ts';
import type { Lab } from './lab.ts';
import { startRole, type RoleProcess } from './role-process.ts';
import type { AtEnd } from './with-cleanup.ts';

export interface WorkerOptions {
  readonly lab: Lab;
  readonly concurrency: number;
  /** Directory of power scripts that come before the bundled ones. */
  readonly scriptsDir?: string;
  /** Whether it polls while nothing is pushed; true unless given. */
  readonly isPrimary?: boolean;
}

export type WorkerProcess = RoleProcess;

/** Starts `beaker-provision worker`; resolves when it takes commands from the broker. */
export async function startWorker(options: WorkerOptions, atEnd: AtEnd): Promise<WorkerProcess> {
  const workers = await options.lab.broker.workers();
  const works = (): Promise<void> => options.lab.hasWorkers(workers + 1);
  return startRole({ role: 'worker', env: settings(options), works }, atEnd);
}

function settings({ lab, concurrency, scriptsDir, isPrimary = true }: WorkerOptions): Record<string, string> {
  return {
    BEAKER_HUB_URL: lab.hubUrl,
    BEAKER_USERNAME: ACCOUNT.user,
    BEAKER_PASSWORD: ACCOUNT.password,
    BEAKER_AMQP_URL: lab.amqpUrl,
    BEAKER_CONCURRENCY: String(concurrency),
    BEAKER_FALLBACK_PRIMARY: isPrimary ? 'True' : 'False',
    // A poll must not bring what is about to be pushed.
    BEAKER_SLEEP_TIME: '3600',
    ...(scriptsDir !== undefined && { BEAKER_POWER_SCRIPTS_DIR: scriptsDir }),
  };
}

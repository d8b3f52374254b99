import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Secret } from '../secret.ts';
import { withDeadline } from '../wait.ts';
import type { Mode } from './board.ts';
import type { CleanUp } from './clean-up.ts';
import type { LabAccount } from './lab-account.ts';
import { STUCK_OUTLET, STUCK_OUTLET_SCRIPT, systemsFile } from './lab.ts';
import { serverEnvironment, workerEnvironment } from './role-environment.ts';
import { type LogEvent, RoleProcess } from './role-process.ts';

export interface StageOptions {
  /** The built command line, `dist/cli.js`. */
  readonly cli: string;
  /** An empty folder for everything that is written. */
  readonly dir: string;
  readonly account: LabAccount;
  readonly environment: NodeJS.ProcessEnv;
  readonly brokerUrls: readonly Secret[];
  readonly killing: AbortSignal;
}

/** A server and a worker, the real ones, that wait for something to do. */
export interface Stage {
  readonly hubUrl: string;
  /** How commands reach the worker just now; undefined until it has said. */
  readonly mode: () => Mode | undefined;
  /** Aborted, with the reason, when one of the two has ended by itself. */
  readonly broken: AbortSignal;
  /** The end of the worker's log. */
  readonly workerLog: () => readonly string[];
  /** Stops the worker, then the server; gives their exit codes or signals. Called again, it gives the same. */
  readonly stop: () => Promise<readonly (number | NodeJS.Signals)[]>;
}

const START_MS = 30_000;

/** Starts server and worker. @throws Error with the end of the log of the one that did not start. */
export async function setStage(options: StageOptions, cleanUp: CleanUp): Promise<Stage> {
  const { cli, dir, killing } = options;
  writeFiles(dir);
  const config = ['--config', join(dir, 'labcontroller.conf')];
  const broken = new AbortController();
  let isStopping = false;
  const start = (role: string, environment: NodeJS.ProcessEnv, onEvent: (event: LogEvent) => void) => {
    const started = new RoleProcess({ cli, args: [role, ...config], environment, onEvent });
    void started.exited.then((end) => {
      if (!isStopping)
        broken.abort(new Error(`the ${role} ended by itself (${end}):\n${started.tail.join('\n')}`));
    });
    cleanUp.later(() => {
      isStopping = true;
      return started.stop(killing);
    });
    return started;
  };

  const { promise: listening, resolve: onListening } = deferred<string>();
  const server = start('server', serverEnvironment(options), ({ event, ...facts }) => {
    if (event === 'server started') onListening(String(facts['url']));
  });
  const late = (): Error => new Error(`the server did not start in time:\n${server.tail.join('\n')}`);
  const hubUrl = await withDeadline(Promise.race([listening, rejection(broken.signal)]), START_MS, late);
  let mode: Mode | undefined;
  const worker = start('worker', workerEnvironment(options, hubUrl), ({ event }) => {
    mode = MODE_OF_EVENT.get(event) ?? mode;
  });
  return {
    hubUrl,
    mode: () => mode,
    broken: broken.signal,
    workerLog: () => worker.tail,
    stop: async () => {
      isStopping = true;
      return [await worker.stop(killing), await server.stop(killing)];
    },
  };
}

const MODE_OF_EVENT: ReadonlyMap<string, Mode> = new Map([
  ['taking pushed commands', 'push'],
  ['polling the hub', 'polling'],
  ['broker is away, polling the hub', 'polling'],
]);

function writeFiles(dir: string): void {
  writeFileSync(join(dir, 'systems.json'), systemsFile());
  // An empty one, so that one of an installed worker is not read.
  writeFileSync(join(dir, 'labcontroller.conf'), '');
  for (const name of ['power-scripts', 'tftp', 'consoles']) mkdirSync(join(dir, name));
  writeFileSync(join(dir, 'power-scripts', STUCK_OUTLET), STUCK_OUTLET_SCRIPT, { mode: 0o755 });
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolvePromise) => (resolve = resolvePromise));
  return { promise, resolve };
}

async function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

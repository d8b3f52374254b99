import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { waitUntil } from '../helpers/wait-until.ts';
import type { SetClock } from '../helpers/set-clock.ts';
import type { SmallDisk } from '../helpers/small-disk.ts';
import { startTcpProxy, type TcpProxy } from '../helpers/tcp-proxy.ts';
import type { LogPipe } from './log-pipe.ts';
import type { MemberName, Service } from './plan.ts';

const BUILT = resolve('dist/cli.js');
const STOP_MS = 60_000;

export interface MemberOptions {
  readonly name: MemberName;
  /** Where its log is, for all its lives. */
  readonly logFile: string;
  readonly log: LogPipe;
  readonly stateDir: string;
  /** What `stateDir` is on; a relay keeps nothing. */
  readonly disk?: SmallDisk | undefined;
  readonly clock: SetClock;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly ways: Readonly<Record<Service, TcpProxy>>;
  /** Told when it ends though nobody ended it, or not as it should. */
  readonly onTrouble: (trouble: string) => void;
}

/** A worker or relay of the lab, through all its lives: each the built program in a process of its own. */
export class Member {
  readonly #options: MemberOptions;
  #child: ChildProcess | undefined;
  #logFrom = 0;

  constructor(options: MemberOptions) {
    this.#options = options;
  }

  get name(): MemberName {
    return this.#options.name;
  }

  /** Its way to the broker or the hub. */
  way(to: Service): TcpProxy {
    return this.#options.ways[to];
  }

  get clock(): SetClock {
    return this.#options.clock;
  }

  /** The way of its log. */
  get log(): LogPipe {
    return this.#options.log;
  }

  /** What it keeps its state on. */
  get disk(): SmallDisk {
    const { disk, name } = this.#options;
    if (disk === undefined) throw new Error(`expected ${name} to have a disk`);
    return disk;
  }

  start(): void {
    const { name, log, logFile, clock, settings, stateDir, onTrouble } = this.#options;
    const all: MemberOptions['settings'] = { ...settings, STATE_DIR: stateDir };
    const variables = Object.entries(all).map(([key, value]) => [`BEAKER_${key}`, String(value)] as const);
    this.#logFrom = statSync(logFile).size;
    const child = spawn(process.execPath, [BUILT, name.startsWith('w') ? 'worker' : 'relay'], {
      env: {
        PATH: process.env['PATH'],
        ...Object.fromEntries(variables),
        ...clock.env,
      },
      stdio: ['ignore', log.writeEnd, log.writeEnd],
    });
    this.#child = child;
    child.once('exit', (code, signal) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      onTrouble(`${name} ended by itself: ${code ?? signal ?? 'unknown'}`);
    });
  }

  /**
   * On a busy machine it may take seconds until it has read its own program: a signal before that just ends it, and so does a disk
   * without room for its journal.
   */
  async untilStarted(): Promise<void> {
    const { logFile } = this.#options;
    const hasStarted = (): boolean => readFileSync(logFile).subarray(this.#logFrom).includes(' starts"');
    await waitUntil(() => this.#child === undefined || hasStarted(), { timeoutMs: 60_000, what: 'a start' });
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends it as an admin does; whoever does not end in time, or badly, is in trouble. */
  async stop(): Promise<void> {
    const { name, onTrouble } = this.#options;
    await this.untilStarted();
    const code = await this.#end('SIGTERM');
    if (code !== undefined && code !== 0)
      onTrouble(`${name}: expected exit code 0 after SIGTERM, found ${code}`);
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  loseState(): void {
    rmSync(this.#options.stateDir, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    await this.kill();
    this.#options.log.close();
    await Promise.all(Object.values(this.#options.ways).map((way) => way.close()));
    this.#options.disk?.remove();
  }

  async #end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | undefined> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return undefined;
    return new Promise((done) => {
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      child.once('exit', (code, by) => {
        clearTimeout(late);
        done(code ?? by ?? undefined);
      });
      child.kill(signal);
    });
  }
}

/** The ways of a member to a broker and a hub, each through a proxy of its own. */
export async function waysTo(ports: Readonly<Record<Service, number>>): Promise<Record<Service, TcpProxy>> {
  const [broker, hub] = await Promise.all([
    startTcpProxy({ port: ports.broker }),
    startTcpProxy({ port: ports.hub }),
  ]);
  return { broker, hub };
}

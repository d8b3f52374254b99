import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import { wait } from '../wait.ts';

const logLine = z.looseObject({ event: z.string() });
/** An event in a role's log. */
export type LogEvent = z.output<typeof logLine>;

export interface RoleProcessOptions {
  /** The built command line, `dist/cli.js`. */
  readonly cli: string;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly onEvent: (event: LogEvent) => void;
}

const TAIL_LINES = 15;
const STOP_MS = 20_000;

/** A role of the product as a process of its own, which logs JSON. */
export class RoleProcess {
  readonly #child: ChildProcess;
  readonly #tail: string[] = [];
  readonly #exited: Promise<number | NodeJS.Signals>;

  constructor({ cli, args, environment, onEvent }: RoleProcessOptions) {
    // A session of its own: Ctrl-C is for us, and we tell it when its time has come.
    const child = spawn(process.execPath, [cli, ...args], {
      env: environment,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#keep(error.message);
        resolve(127);
      });
      child.once('exit', (code, signal) => resolve(code ?? signal ?? 1));
    });
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.#keep(line);
      const parsed = logLine.safeParse(parseJson(line));
      if (parsed.success) onEvent(parsed.data);
    });
  }

  /** How it ended: its exit code, or the signal that ended it. */
  get exited(): Promise<number | NodeJS.Signals> {
    return this.#exited;
  }

  /** The last lines of its log. */
  get tail(): readonly string[] {
    return this.#tail;
  }

  /**
   * Lets it stop in its own time, and says how it ended. With `killing` it is told a second time; after 20 s it is killed.
   */
  async stop(killing: AbortSignal): Promise<number | NodeJS.Signals> {
    const ended = new AbortController();
    const tell = (): boolean => this.#child.kill('SIGTERM');
    tell();
    killing.addEventListener('abort', tell, { once: true, signal: ended.signal });
    const late = wait(STOP_MS, ended.signal).then((isLate) => isLate && this.#child.kill('SIGKILL'));
    const end = await this.#exited;
    ended.abort();
    await late;
    return end;
  }

  #keep(line: string): void {
    this.#tail.push(line);
    if (this.#tail.length > TAIL_LINES) this.#tail.shift();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

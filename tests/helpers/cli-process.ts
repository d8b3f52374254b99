import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { waitUntil } from './wait-until.ts';

/** A line of a process's log. */
export interface LoggedLine {
  readonly level: string;
  readonly event: string;
  readonly [fact: string]: unknown;
}

/** `beaker-provision` in a process of its own. */
export interface CliProcess {
  readonly pid: number;
  /** Resolves to the exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  /** What it wrote to standard output and standard error. */
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of its log so far; those of one event when it is given. */
  logged(event?: string): readonly LoggedLine[];
  /** Waits for the first line of that event, or the `nth`. */
  untilLogged(event: string, nth?: number): Promise<LoggedLine>;
  signal(name: NodeJS.Signals): void;
  /** How many files, pipes and sockets it has open. */
  descriptors(): number;
  /** Ends it at once, if it runs still. */
  readonly kill: () => Promise<void>;
}

export interface CliOptions {
  /** Settings, by the key of the configuration file. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Further variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** What Node runs; the built program unless given. */
  readonly program?: readonly string[];
  /** A command with arguments that runs it in the end, as `nice` does. */
  readonly under?: readonly string[];
  /** A descriptor or connection for its standard error; then nothing of that is kept here. */
  readonly stderr?: number | Socket;
  /** How many descriptors it may have open. */
  readonly maxDescriptors?: number;
}

const BUILT = resolve('dist/cli.js');
/** Where nobody boots from: a worker makes it, and puts boot loaders into it. */
const TFTP_ROOT = join(tmpdir(), 'beaker-provision-test-tftp');

/** Starts the built program with these arguments and settings, and nothing of this process's environment but PATH. */
export function startCli(args: readonly string[], options: CliOptions = {}): CliProcess {
  const { settings = {}, env = {}, program = [BUILT], under = [], stderr = 'pipe', maxDescriptors } = options;
  if (!existsSync(BUILT)) throw new Error(`expected ${BUILT}, found none; run npm run build`);
  const variables = Object.entries(settings).map(([key, value]) => [`BEAKER_${key}`, String(value)] as const);
  const limit = maxDescriptors === undefined ? [] : ['prlimit', `--nofile=${maxDescriptors}`];
  const [file = '', ...fileArgs] = [...under, ...limit, process.execPath, ...program, ...args];
  const child = spawn(file, fileArgs, {
    env: { PATH: process.env['PATH'], BEAKER_TFTP_ROOT: TFTP_ROOT, ...Object.fromEntries(variables), ...env },
    stdio: ['ignore', 'pipe', stderr],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${process.execPath}: expected it to start`);
  const output = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const exited = new Promise<number | NodeJS.Signals>((done) => {
    child.once('close', (code, signal) => done(code ?? signal ?? 0));
  });
  const logged = (event?: string): LoggedLine[] =>
    parse(output.stderr).filter((line) => event === undefined || line.event === event);
  return {
    pid,
    exited,
    get stdout() {
      return output.stdout;
    },
    get stderr() {
      return output.stderr;
    },
    logged,
    untilLogged: async (event, nth = 1) => {
      try {
        return await waitUntil(() => logged(event)[nth - 1], {
          timeoutMs: 30_000,
          what: `"${event}" in the log`,
        });
      } catch (error) {
        throw new Error(`the log does not say "${event}", but:\n${output.stderr.slice(-4_000)}`, {
          cause: error,
        });
      }
    },
    signal: (name) => void child.kill(name),
    descriptors: () => readdirSync(`/proc/${pid}/fd`).length,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

const line = z.looseObject({ level: z.string(), event: z.string() });

function parse(text: string): LoggedLine[] {
  return text
    .split('\n')
    .slice(0, -1)
    .filter((one) => one.startsWith('{'))
    .map((one) => line.parse(JSON.parse(one)));
}

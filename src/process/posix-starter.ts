import { closeSync, openSync, readSync } from 'node:fs';
import { constants } from 'node:os';
import { ChildWatch } from './child-watch.ts';
import { type Libc, LINUX, systemError } from './libc.ts';
import { nameOfOpenFile } from './proc-table.ts';
import { ProcessStartError } from './process-start-error.ts';
import type { StartedProcess, Starter } from './starter.ts';
import { Turns } from './turns.ts';

/** Each is a thread that waits until a program is loaded; more would only take them from file system and name service. */
const AT_ONCE = 4;
/** What Linux gives a program that asks for nothing. Node raises its own, and old programs close every number up to it. */
const SOFT_OPEN_FILES = 1024n;
/** Of structures whose sizes glibc keeps to itself: 80, 336 and 128 bytes on 64 bits. */
const STRUCT_BYTES = 512;
const READ_BYTES = 65_536;

/**
 * Starts programs by posix_spawn(3), which neither copies our page tables nor stops the event loop, with real pipes. A child is
 * taken from the kernel only when it is reaped: until then its number is no other process's.
 */
export class PosixStarter implements Starter {
  readonly name = 'posix';
  readonly #libc: Libc;
  readonly #children: ChildWatch;
  readonly #turns = new Turns(AT_ONCE);
  readonly #attributes: Uint8Array;
  readonly #buffer = new Uint8Array(READ_BYTES);

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#children = new ChildWatch(libc);
    this.#attributes = attributesFor(libc);
  }

  async start(
    file: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    until: AbortSignal,
  ): Promise<StartedProcess> {
    const assignments = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    try {
      refuseNul([file, ...args, ...assignments]);
      return await this.#turns.inTurn(() => {
        until.throwIfAborted();
        return this.#start(file, [file, ...args], assignments);
      });
    } catch (error) {
      throw new ProcessStartError(file, error);
    }
  }

  async #start(
    file: string,
    argv: readonly string[],
    assignments: readonly string[],
  ): Promise<StartedProcess> {
    const libc = this.#libc;
    const ends = new Int32Array(2);
    // Closed on exec: what other programs start meanwhile must not hold this pipe open.
    if (libc.pipe2(ends, LINUX.O_CLOEXEC) !== 0) throw systemError(libc.errno(), 'pipe2');
    const [ours = -1, theirs = -1] = ends;
    try {
      // Of our end only: a program does not expect that its output is not taken.
      libc.fcntl(ours, LINUX.F_SETFL, LINUX.O_NONBLOCK);
      const pid = await this.#spawn(file, argv, assignments, theirs);
      return this.#started(pid, ours);
    } catch (error) {
      libc.close(ours);
      throw error;
    } finally {
      libc.close(theirs);
    }
  }

  async #spawn(
    file: string,
    argv: readonly string[],
    assignments: readonly string[],
    pipe: number,
  ): Promise<number> {
    const actions = actionsFor(this.#libc, pipe);
    const call = {
      pid: new Int32Array(1),
      actions,
      attributes: this.#attributes,
      envp: [...assignments, null],
    };
    try {
      let code = await this.#libc.spawn({ ...call, path: file, argv: [...argv, null] });
      // A text without an interpreter line is the shell's, as execvp(3) has it.
      if (code === constants.errno.ENOEXEC && isText(file)) {
        const ofShell = [SHELL, file, ...argv.slice(1), null];
        code = await this.#libc.spawn({ ...call, path: SHELL, argv: ofShell });
      }
      if (code !== 0) throw systemError(code, 'posix_spawn');
      return call.pid[0] ?? 0;
    } finally {
      this.#libc.fileActionsDestroy(actions);
    }
  }

  #started(pid: number, pipe: number): StartedProcess {
    const libc = this.#libc;
    lowerOpenFiles(libc, pid);
    const exited = this.#children.watch(pid);
    let isOpen = true;
    return {
      pid,
      pipe: nameOfOpenFile('self', pipe),
      exited,
      read: () => {
        if (!isOpen) return undefined;
        const length = readNow(libc, pipe, this.#buffer);
        return length === undefined ? undefined : this.#buffer.subarray(0, length);
      },
      signal: (signal) => libc.kill(-pid, constants.signals[signal]) === 0,
      reap: () => this.#children.reap(pid),
      close: () => {
        if (isOpen) libc.close(pipe);
        isOpen = false;
      },
    };
  }
}

const SHELL = '/bin/sh';

/** A shell that is given a program for another kind of machine finds errors of syntax in it, which look like the script's own. */
function isText(path: string): boolean {
  const beginning = new Uint8Array(256);
  const fd = openSync(path, 'r');
  try {
    return !beginning.subarray(0, readSync(fd, beginning)).includes(0);
  } finally {
    closeSync(fd);
  }
}

/** A session of its own, no signal blocked or ignored: Node itself ignores SIGPIPE, which children would inherit. */
function attributesFor(libc: Libc): Uint8Array {
  const attributes = new Uint8Array(STRUCT_BYTES);
  libc.attributesInit(attributes);
  libc.attributesSetFlags(
    attributes,
    LINUX.POSIX_SPAWN_SETSID | LINUX.POSIX_SPAWN_SETSIGMASK | LINUX.POSIX_SPAWN_SETSIGDEF,
  );
  libc.attributesSetMask(attributes, new Uint8Array(STRUCT_BYTES));
  libc.attributesSetDefault(attributes, new Uint8Array(STRUCT_BYTES).fill(0xff));
  return attributes;
}

/** Of one call: calls overlap. */
function actionsFor(libc: Libc, pipe: number): Uint8Array {
  const actions = new Uint8Array(STRUCT_BYTES);
  libc.fileActionsInit(actions);
  libc.fileActionsOpen(actions, 0, '/dev/null', 0, 0);
  libc.fileActionsDup2(actions, pipe, 1);
  libc.fileActionsDup2(actions, pipe, 2);
  libc.fileActionsChdir(actions, '/');
  // What we inherited from who started us; our own close on exec.
  libc.fileActionsCloseFrom?.(actions, 3);
  return actions;
}

/** C would take the rest for nothing. */
function refuseNul(texts: readonly string[]): void {
  if (texts.some((text) => text.includes('\0'))) {
    throw new Error('expected texts without NUL characters as arguments and environment, found one');
  }
}

/** Just after the start, since posix_spawn(3) cannot: interpreters take longer to begin. */
function lowerOpenFiles(libc: Libc, pid: number): void {
  const limit = new BigUint64Array(2);
  if (libc.prlimit(pid, LINUX.RLIMIT_NOFILE, null, limit) !== 0) return;
  const [soft = 0n, hard = 0n] = limit;
  if (soft > SOFT_OPEN_FILES) {
    libc.prlimit(pid, LINUX.RLIMIT_NOFILE, new BigUint64Array([SOFT_OPEN_FILES, hard]), null);
  }
}

/** How many bytes came, 0 when none are there yet, undefined at the end. */
function readNow(libc: Libc, pipe: number, into: Uint8Array): number | undefined {
  const length = libc.read(pipe, into, into.length);
  if (length > 0) return length;
  const { EAGAIN, EINTR } = constants.errno;
  return length < 0 && [EAGAIN, EINTR].includes(libc.errno()) ? 0 : undefined;
}

import { constants } from 'node:os';
import { type Libc, LINUX } from './libc.ts';

/**
 * A listener for a signal keeps no process alive, so that a timer has to; it looks as well, a call to the kernel each, for the case that signals
 * do not arrive here.
 */
const LOOK_MS = 50;

interface Child {
  readonly settle: (exitStatus: number) => void;
  hasEnded: boolean;
  isReleased: boolean;
}

/**
 * Sees our children end, without taking them from the kernel before `reap`. Others may have children in this process too, Node above
 * all: theirs are never taken.
 */
export class ChildWatch {
  readonly #libc: Libc;
  readonly #children = new Map<number, Child>();
  readonly #info = new Int32Array(32);
  readonly #onSignal = (): void => this.#look();
  /** Children that are not reaped yet. */
  #awaited = 0;
  #timer: NodeJS.Timeout | undefined;
  #lookAgain: NodeJS.Immediate | undefined;

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** Resolves to how the child ended, as in Python: its exit status, or the negative number of the signal that ended it. */
  watch(pid: number): Promise<number> {
    if (this.#children.size === 0) process.on('SIGCHLD', this.#onSignal);
    return new Promise((settle) => {
      this.#children.set(pid, { settle, hasEnded: false, isReleased: false });
      this.#awaited += 1;
      this.#keepLoopAlive();
      // It may have ended before we knew its number.
      this.#lookAt(pid);
    });
  }

  /** Takes the child from the kernel: now, or as soon as it has ended. Nothing waits for it any more. */
  reap(pid: number): void {
    const child = this.#children.get(pid);
    if (child === undefined || child.isReleased) return;
    child.isReleased = true;
    this.#awaited -= 1;
    if (child.hasEnded) this.#take(pid);
    this.#keepLoopAlive();
  }

  /** Mostly one call to the kernel for each child that ends: it names the first that has, and the others only when that one does not go. */
  #look(): void {
    const first = this.#hasEnded(LINUX.P_ALL, 0);
    if (first === undefined) return;
    const child = this.#children.get(first.pid);
    if (child === undefined || child.hasEnded) {
      for (const [pid, { hasEnded }] of this.#children) if (!hasEnded) this.#lookAt(pid);
      return;
    }
    this.#ended(first.pid, child, first.exitStatus);
    // Several may have ended at one signal. By then this one has been reaped, or is looked past.
    this.#lookAgain ??= setImmediate(() => {
      this.#lookAgain = undefined;
      this.#look();
    });
  }

  #lookAt(pid: number): void {
    const child = this.#children.get(pid);
    const end = this.#hasEnded(LINUX.P_PID, pid);
    if (child !== undefined && end !== undefined) this.#ended(pid, child, end.exitStatus);
  }

  #ended(pid: number, child: Child, exitStatus: number): void {
    child.hasEnded = true;
    child.settle(exitStatus);
    if (child.isReleased) this.#take(pid);
  }

  #take(pid: number): void {
    this.#libc.waitpid(pid, null, LINUX.WNOHANG);
    this.#children.delete(pid);
    if (this.#children.size === 0) process.off('SIGCHLD', this.#onSignal);
  }

  #keepLoopAlive(): void {
    if (this.#awaited === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    } else this.#timer ??= setInterval(this.#onSignal, LOOK_MS);
  }

  /** Leaves it where it is. */
  #hasEnded(idType: number, id: number): { pid: number; exitStatus: number } | undefined {
    const info = this.#info.fill(0);
    const options = LINUX.WEXITED | LINUX.WNOHANG | LINUX.WNOWAIT;
    if (this.#libc.waitid(idType, id, info, options) !== 0) {
      const wasTaken = idType === LINUX.P_PID && this.#libc.errno() === constants.errno.ECHILD;
      return wasTaken ? { pid: id, exitStatus: UNKNOWN } : undefined;
    }
    // siginfo_t on 64 bits: number, error, code, padding, process, user, status.
    const [, , code, , pid = 0, , status = 0] = info;
    if (pid === 0) return undefined;
    return { pid, exitStatus: code === CLD_EXITED ? status : -status };
  }
}

const CLD_EXITED = 1;
/** For a child that a library took from under us: better a failure without a reason than to wait for it for ever. */
const UNKNOWN = 255;

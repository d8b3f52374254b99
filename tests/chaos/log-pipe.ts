import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';

/**
 * The pipe that a member's log goes through, and the program that reads it, as a supervisor has them. The pipe has a name, so that
 * another reader can take the place of one that has died.
 */
export class LogPipe {
  readonly #path: string;
  readonly #logFile: string;
  readonly #writeEnd: number;
  #reader: ChildProcess | undefined;

  /** Appends to `logFile` all that is written into the pipe. */
  constructor(path: string, logFile: string) {
    this.#path = path;
    this.#logFile = logFile;
    execFileSync('mkfifo', [path]);
    // To open one end waits for the other, unless that is open already.
    const bothEnds = openSync(path, constants.O_RDWR);
    this.#writeEnd = openSync(path, constants.O_WRONLY);
    this.#startReader();
    closeSync(bothEnds);
  }

  /** What a member writes into: a descriptor for its standard error. */
  get writeEnd(): number {
    return this.#writeEnd;
  }

  /** The reader reads no more, so that the pipe fills up. */
  stopReader(): void {
    this.#reader?.kill('SIGSTOP');
  }

  continueReader(): void {
    this.#reader?.kill('SIGCONT');
  }

  /** Nobody reads any more: writing fails with EPIPE. */
  killReader(): void {
    this.#reader?.kill('SIGKILL');
  }

  /** Another one reads in place of one that was killed. */
  replaceReader(): void {
    this.#startReader();
  }

  close(): void {
    closeSync(this.#writeEnd);
    this.killReader();
  }

  #startReader(): void {
    const readEnd = openSync(this.#path, constants.O_RDONLY);
    const log = openSync(this.#logFile, 'a');
    this.#reader = spawn('cat', [], { stdio: [readEnd, log, 'ignore'] });
    closeSync(readEnd);
    closeSync(log);
  }
}

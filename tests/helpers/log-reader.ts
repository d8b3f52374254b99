import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import type { TempDir } from './temp-dir.ts';

/** A named pipe for the log of a process, and programs that read it into a file one after the other. */
export interface LogPipe {
  /** The writing end, for the process; open as long as the pipe. */
  readonly descriptor: number;
  /** What readers have read so far. */
  text(): string;
  /** Starts another reader. */
  startReader(): void;
  /** Stops the reader as Ctrl-Z does, or lets it go on. */
  signalReader(signal: 'SIGSTOP' | 'SIGCONT'): void;
  killReader(): Promise<void>;
  close(): Promise<void>;
}

/** Makes the pipe, with a reader. */
export function openLogPipe(files: TempDir): LogPipe {
  const path = files.file('log-pipe');
  const output = files.file('log');
  execFileSync('mkfifo', [path]);
  const out = openSync(output, 'a');
  const readers: ChildProcess[] = [];
  const startReader = (): void => {
    readers.push(spawn('cat', [path], { stdio: ['ignore', out, 'ignore'] }));
  };
  startReader();
  // Waits for the reader to open its end.
  const descriptor = openSync(path, 'w');
  const killReader = async (): Promise<void> => {
    const reader = readers.pop();
    if (reader?.exitCode !== null) return;
    reader.kill('SIGKILL');
    await once(reader, 'exit');
  };
  return {
    descriptor,
    text: () => (existsSync(output) ? readFileSync(output, 'utf8') : ''),
    startReader,
    signalReader: (signal) => readers.at(-1)?.kill(signal),
    killReader,
    close: async () => {
      await killReader();
      closeSync(descriptor);
      closeSync(out);
    },
  };
}

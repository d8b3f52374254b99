import { describeError, errorCode } from '../errors.ts';

/** A program that could not be started, with what to do about it. */
export class ProcessStartError extends Error {
  override readonly name = 'ProcessStartError';

  constructor(file: string, cause: unknown) {
    super(`cannot start ${file}: ${explain(cause)}`, { cause });
  }
}

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT:
    'the file, or the interpreter that its first line names, does not exist; install it or correct the line',
  EACCES: 'permission denied; make it executable (chmod 755), on a file system that is not mounted noexec',
  ENOEXEC:
    'it is not a program for this kind of machine; give it a first line such as #!/bin/sh, or replace it',
  ELOOP: 'its first line, or a link, leads back to itself; correct it',
  ETXTBSY: 'somebody is writing to it; replace scripts by renaming, not in place',
  E2BIG: 'arguments and environment are too long; shorten them',
  EAGAIN: 'no more processes allowed; raise the limit (TasksMax, ulimit -u) or lower CONCURRENCY',
  ENOMEM: 'out of memory; add memory or lower CONCURRENCY',
  EMFILE: 'too many open files; raise the limit (LimitNOFILE, ulimit -n) or lower CONCURRENCY',
  ENFILE: 'too many open files on this machine; raise fs.file-max or lower CONCURRENCY',
};

function explain(cause: unknown): string {
  const code = errorCode(cause) ?? '';
  const problem = PROBLEMS[code];
  return problem === undefined ? describeError(cause) : `${problem} (${code})`;
}

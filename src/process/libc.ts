import { constants } from 'node:os';
import type koffi from 'koffi';

/** The few calls of glibc that `PosixStarter` is made of. Each gives what the C function gives; `errno` is that of the last one. */
export interface Libc {
  errno(): number;
  pipe2(ends: Int32Array, flags: number): number;
  fcntl(fd: number, command: number, argument: number): number;
  read(fd: number, into: Uint8Array, length: number): number;
  close(fd: number): number;
  kill(pid: number, signal: number): number;
  waitid(idType: number, id: number, info: Int32Array, options: number): number;
  waitpid(pid: number, status: null, options: number): number;
  prlimit(pid: number, resource: number, limit: BigUint64Array | null, old: BigUint64Array | null): number;
  fileActionsInit(actions: Uint8Array): number;
  fileActionsOpen(actions: Uint8Array, fd: number, path: string, flags: number, mode: number): number;
  fileActionsDup2(actions: Uint8Array, from: number, to: number): number;
  fileActionsChdir(actions: Uint8Array, path: string): number;
  /** Undefined before glibc 2.34. */
  readonly fileActionsCloseFrom: ((actions: Uint8Array, fd: number) => number) | undefined;
  fileActionsDestroy(actions: Uint8Array): number;
  attributesInit(attributes: Uint8Array): number;
  attributesSetFlags(attributes: Uint8Array, flags: number): number;
  attributesSetMask(attributes: Uint8Array, signals: Uint8Array): number;
  attributesSetDefault(attributes: Uint8Array, signals: Uint8Array): number;
  /** In a thread of its own; resolves to the error number, 0 when it has started. */
  spawn(call: SpawnCall): Promise<number>;
}

/** Arguments of posix_spawn(3). Arrays are ended by null. */
export interface SpawnCall {
  readonly pid: Int32Array;
  readonly path: string;
  readonly actions: Uint8Array;
  readonly attributes: Uint8Array;
  readonly argv: readonly (string | null)[];
  readonly envp: readonly (string | null)[];
}

/** Of Linux, on every architecture in `ARCHITECTURES`. */
export const LINUX = {
  O_NONBLOCK: 0o4000,
  O_CLOEXEC: 0o2000000,
  F_SETFL: 4,
  P_ALL: 0,
  P_PID: 1,
  WNOHANG: 1,
  WEXITED: 4,
  WNOWAIT: 0x01000000,
  RLIMIT_NOFILE: 7,
  POSIX_SPAWN_SETSIGDEF: 0x04,
  POSIX_SPAWN_SETSIGMASK: 0x08,
  /** Since glibc 2.26. */
  POSIX_SPAWN_SETSID: 0x80,
} as const;

/** Of 64 bits, little-endian, with the numbers above: on others the sizes and places of the structures are not these. */
const ARCHITECTURES: readonly string[] = ['x64', 'arm64', 'riscv64', 'loong64'];

/** Binds glibc through koffi, which is optional and loaded here only. @throws Error saying what is missing. */
export async function loadLibc(): Promise<Libc> {
  if (process.platform !== 'linux') throw new Error(`expected Linux, found ${process.platform}`);
  if (!ARCHITECTURES.includes(process.arch)) {
    throw new Error(`expected an architecture of ${ARCHITECTURES.join(', ')}, found ${process.arch}`);
  }
  const { default: library } = await import('koffi');
  // On musl there is no file of that name, and before glibc 2.29 no addchdir_np: either says so here.
  const { func } = bound(library.load('libc.so.6'));
  const posixSpawn = func(
    'int posix_spawn(void *pid, const char *path, const void *actions, const void *attributes, const char **argv, const char **envp)',
  );
  return {
    errno: () => library.errno(),
    pipe2: func('int pipe2(void *ends, int flags)'),
    fcntl: func('int fcntl(int fd, int command, int argument)'),
    read: func('intptr_t read(int fd, void *into, size_t length)'),
    close: func('int close(int fd)'),
    kill: func('int kill(int pid, int signal)'),
    waitid: func('int waitid(int id_type, unsigned int id, void *info, int options)'),
    waitpid: func('int waitpid(int pid, void *status, int options)'),
    prlimit: func('int prlimit64(int pid, int resource, const void *limit, void *old)'),
    fileActionsInit: func('int posix_spawn_file_actions_init(void *actions)'),
    fileActionsOpen: func(
      'int posix_spawn_file_actions_addopen(void *actions, int fd, const char *path, int flags, unsigned int mode)',
    ),
    fileActionsDup2: func('int posix_spawn_file_actions_adddup2(void *actions, int from, int to)'),
    fileActionsChdir: func('int posix_spawn_file_actions_addchdir_np(void *actions, const char *path)'),
    fileActionsCloseFrom: optional(() =>
      func('int posix_spawn_file_actions_addclosefrom_np(void *actions, int fd)'),
    ),
    fileActionsDestroy: func('int posix_spawn_file_actions_destroy(void *actions)'),
    attributesInit: func('int posix_spawnattr_init(void *attributes)'),
    attributesSetFlags: func('int posix_spawnattr_setflags(void *attributes, short flags)'),
    attributesSetMask: func('int posix_spawnattr_setsigmask(void *attributes, const void *signals)'),
    attributesSetDefault: func('int posix_spawnattr_setsigdefault(void *attributes, const void *signals)'),
    spawn: ({ pid, path, actions, attributes, argv, envp }) =>
      new Promise((resolve, reject) => {
        posixSpawn.async(pid, path, actions, attributes, argv, envp, (error: Error | null, code: number) => {
          if (error === null) resolve(code);
          else reject(error);
        });
      }),
  };
}

type Library = ReturnType<(typeof koffi)['load']>;

/** koffi's functions have no types of their own; `Libc` gives them theirs. */
function bound(library: Library): { func: (definition: string) => ReturnType<Library['func']> } {
  return { func: (definition) => library.func(definition) };
}

function optional<T>(bind: () => T): T | undefined {
  try {
    return bind();
  } catch {
    return undefined;
  }
}

/** An error as Node makes them of an error number: `code` is its name. */
export function systemError(errno: number, call: string): NodeJS.ErrnoException {
  const code =
    Object.entries(constants.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`;
  return Object.assign(new Error(`${call}: ${code}`), { code, errno });
}

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** File systems that a test mounts. */
export interface Mounts {
  /** A file system of its own, in memory. */
  tmpfs(dir: string, options?: string): void;
  /** What is at `from`, a second time at `dir`. */
  bind(from: string, dir: string): void;
  /** Files of `lower` at `dir`, all changes of which go to directories in `work`. */
  overlay(dir: string, lower: string, work: string): void;
  /** Takes all away again, the last first. */
  remove(): void;
}

export function mounts(): Mounts {
  const dirs: string[] = [];
  const mount = (dir: string, args: readonly string[]): void => {
    mkdirSync(dir, { recursive: true });
    execFileSync('mount', [...args, dir]);
    dirs.unshift(dir);
  };
  return {
    tmpfs: (dir, options = 'size=10m') => mount(dir, ['-t', 'tmpfs', '-o', options, 'tmpfs']),
    bind: (from, dir) => mount(dir, ['--bind', from]),
    overlay: (dir, lower, work) => {
      for (const name of ['upper', 'work']) mkdirSync(join(work, name), { recursive: true });
      const layers = `lowerdir=${lower},upperdir=${join(work, 'upper')},workdir=${join(work, 'work')}`;
      mount(dir, ['-t', 'overlay', '-o', layers, 'overlay']);
    },
    remove: () => {
      for (const dir of dirs.splice(0)) execFileSync('umount', [dir]);
    },
  };
}

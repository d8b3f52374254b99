import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export type DebianArchitecture = 'amd64' | 'arm64';

export interface PackageSource {
  readonly architecture: DebianArchitecture;
  /** A directory of the caller's, for what is downloaded. */
  readonly work: string;
}

const PATIENCE = { timeout: 180_000, maxBuffer: 10_000_000 };

/** The package that the package `name`, which stands for the newest of its kind, depends on. */
export async function newestOf(name: string, source: PackageSource): Promise<string> {
  const options = await aptOptions(source);
  const { stdout } = await run('apt-cache', [...options, 'depends', name], PATIENCE);
  const newest = /Depends: (\S+)/.exec(stdout)?.[1];
  if (newest === undefined) throw new Error(`expected the Debian package ${name}, found none`);
  return newest;
}

/** Downloads a package and unpacks it, without installing it; gives the directory that stands for `/`. */
export async function extractPackage(name: string, source: PackageSource): Promise<string> {
  const { work } = source;
  const dir = join(work, name);
  mkdirSync(dir);
  await run('apt-get', [...(await aptOptions(source)), 'download', name], { ...PATIENCE, cwd: dir });
  const deb = readdirSync(dir).find((file) => file.endsWith('.deb')) ?? '';
  await run('dpkg-deb', ['--extract', deb, 'root'], { ...PATIENCE, cwd: dir });
  return join(dir, 'root');
}

/** Lists of our own: the host's may be missing, and are of its own architecture. */
async function aptOptions({ architecture, work }: PackageSource): Promise<readonly string[]> {
  const state = join(work, 'apt');
  const options = [
    `APT::Architecture=${architecture}`,
    `APT::Architectures=${architecture}`,
    `Dir::State=${state}`,
    `Dir::State::status=${join(state, 'status')}`,
    `Dir::Cache=${state}`,
    // Downloads as the user that we are: apt's own may not look into our directory.
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
  if (mkdirSync(join(state, 'lists/partial'), { recursive: true }) !== undefined) {
    writeFileSync(join(state, 'status'), '');
    await run('apt-get', [...options, 'update'], PATIENCE);
  }
  return options;
}

import { join } from 'node:path';
import { chooseStarter } from '../../src/process/choose-starter.ts';
import { createRunner, type RunProcess } from '../../src/process/run-process.ts';
import { tempDir } from './temp-dir.ts';

export const STARTERS = ['posix', 'node'] as const;

export interface Runner {
  readonly run: RunProcess;
  remove(): void;
}

/** What runs programs with this starter, and a directory of its own for what that needs. */
export async function createTestRunner(starter: (typeof STARTERS)[number]): Promise<Runner> {
  const { path, remove } = tempDir();
  const chosen = await chooseStarter(starter, join(path, 'pipes'));
  return { run: createRunner(chosen.starter), remove };
}

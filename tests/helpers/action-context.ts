import type { ActionContext, ActionSettings, WrittenPathsMemory } from '../../src/actions/action-context.ts';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PowerScripts } from '../../src/actions/power/power-scripts.ts';
import { chooseStarter } from '../../src/process/choose-starter.ts';
import { createRunner, type RunProcess } from '../../src/process/run-process.ts';
import { Troubles } from '../../src/troubles.ts';
import { silentLogger } from './silent-logger.ts';

let runner: Promise<RunProcess> | undefined;

/** Runs programs as a worker with default settings does. */
export const runProcess: RunProcess = async (options) => {
  runner ??= chooseStarter('auto', join(tmpdir(), `beaker-provision-test-${process.pid}`)).then(
    ({ starter }) => createRunner(starter),
  );
  return (await runner)(options);
};

/** What actions get, with everything that a test does not care about filled in; no waits between attempts. */
export function actionContext(
  overrides: Partial<Omit<ActionContext, 'settings'>> & {
    settings?: Partial<ActionSettings>;
    /** The admin's scripts; without it there are the bundled ones. */
    powerScriptsDir?: string;
  } = {},
): ActionContext {
  const { settings, powerScriptsDir, ...rest } = overrides;
  return {
    environment: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    marker: `test/${process.pid}`,
    powerScripts: new PowerScripts({
      adminDir: powerScriptsDir ?? '/no/such/directory',
      isRequired: powerScriptsDir !== undefined,
      troubles: new Troubles(),
      log: silentLogger,
    }),
    netboot: {
      images: { withImage: () => Promise.reject(new Error('no images here')) },
      writtenPaths: rememberPaths(),
      lookup: () => Promise.reject(new Error('no name service here')),
    },
    log: silentLogger,
    stopping: new AbortController().signal,
    killing: new AbortController().signal,
    onProcessGroup: () => undefined,
    onSurvivors: () => undefined,
    runProcess,
    onLeft: () => undefined,
    reboot: { isOff: false, switchedOff: () => undefined },
    timing: { retryDelayMs: () => 0, rebootPauseMs: 0 },
    ...rest,
    settings: {
      powerAttempts: 5,
      powerTimeoutS: 20,
      powerEnvironment: [],
      ipmi15: 'never',
      consoleLogs: '/no/such/directory',
      tftpRoot: '/no/such/directory',
      zpxeUseFtp: true,
      imageMaxMb: 2_000,
      ...settings,
    },
  };
}

/** A memory of written paths that lasts as long as the test. */
export function rememberPaths(): WrittenPathsMemory {
  const owners = new Map<string, string>();
  const of = (fqdn: string): string[] =>
    [...owners].filter(([, owner]) => owner === fqdn.toLowerCase()).map(([path]) => path);
  const own = (fqdn: string, path: string): void => void owners.set(path, fqdn.toLowerCase());
  return {
    of,
    add: (fqdn, paths) => paths.filter((path) => !owners.has(path)).forEach((path) => own(fqdn, path)),
    keepOnly: (fqdn, paths) => {
      for (const path of of(fqdn)) owners.delete(path);
      for (const path of paths) own(fqdn, path);
    },
  };
}

import type { ActionContext, ActionSettings } from '../../src/actions/action-context.ts';
import { silentLogger } from './silent-logger.ts';

/** What actions get, with everything that a test does not care about filled in; no waits between attempts. */
export function actionContext(
  overrides: Partial<Omit<ActionContext, 'settings'>> & { settings?: Partial<ActionSettings> } = {},
): ActionContext {
  const { settings, ...rest } = overrides;
  return {
    environment: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    marker: `test/${process.pid}`,
    log: silentLogger,
    stopping: new AbortController().signal,
    killing: new AbortController().signal,
    onProcessGroup: () => undefined,
    timing: { retryDelayMs: () => 0, rebootPauseMs: 0 },
    ...rest,
    settings: { powerScriptsDir: '/no/such/directory', powerAttempts: 5, powerTimeoutS: 20, ...settings },
  };
}

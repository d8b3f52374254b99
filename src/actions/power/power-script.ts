import type { PowerSettings } from '../../command.ts';
import { CommandFailedError, describeError, InterruptedError } from '../../errors.ts';
import { ProcessStartError } from '../../process/process-start-error.ts';
import { runProcess } from '../../process/run-process.ts';
import type { ProcessEnd } from '../../process/run-process.ts';
import { wait } from '../../wait.ts';
import type { ActionContext } from '../action-context.ts';
import { findPowerScript } from './find-power-script.ts';
import { POWER_TIMING } from './power-timing.ts';
import { scriptEnvironment } from './script-environment.ts';
import type { PowerMode } from './script-environment.ts';

/**
 * Runs the system's power script until it succeeds, as often as the settings allow.
 * @throws CommandFailedError after the last attempt, blaming the system unless the script could not even be started;
 * InterruptedError when a stop came before success and attempts were left, or ended the script. What is owed to a system that is off
 * `isOwed`: it is tried once more, and at once, after a stop.
 */
export async function powerScript(
  mode: PowerMode,
  power: PowerSettings,
  context: ActionContext,
  { isOwed = false }: { readonly isOwed?: boolean } = {},
): Promise<void> {
  const { settings, log, stopping, killing, timing = POWER_TIMING } = context;
  const file = await findPowerScript(power.type, settings.powerScriptsDir);
  const env = scriptEnvironment(mode, power, context);
  let triesAfterStop = isOwed ? 1 : 0;
  for (let attempt = 1; ; attempt += 1) {
    if (killing.aborted || (stopping.aborted && triesAfterStop === 0)) {
      throw new InterruptedError(`power ${mode}: stopped before attempt ${attempt}`);
    }
    if (stopping.aborted) triesAfterStop -= 1;
    const failure = await tryOnce({ file, env, power, context });
    if (failure === undefined) return;
    log.warn('power script failed', { mode, attempt, ...failure.facts });
    if (attempt >= settings.powerAttempts) throw failure.afterAttempts(attempt);
    await wait(timing.retryDelayMs(attempt + 1), stopping);
  }
}

interface Attempt {
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  readonly power: PowerSettings;
  readonly context: ActionContext;
}

/** An attempt that failed: what to log, and the error if there is no other. */
interface Failure {
  readonly facts: object;
  readonly afterAttempts: (attempts: number) => CommandFailedError;
}

async function tryOnce({ file, env, power, context }: Attempt): Promise<Failure | undefined> {
  const timeoutS = context.settings.powerTimeoutS;
  try {
    const result = await runProcess({
      file,
      env,
      timeoutMs: timeoutS * 1000,
      secret: power.password,
      stop: context.killing,
      onStart: context.onProcessGroup,
    });
    if (result.end === 'stopped')
      throw new InterruptedError(`${file} was ended: the worker is stopping at once`);
    const succeeded = result.end === 'exited' && result.exitStatus === 0;
    return succeeded ? undefined : scriptFailure(file, result, timeoutS);
  } catch (error) {
    if (error instanceof ProcessStartError) return startFailure(file, error);
    throw error;
  }
}

/** Beaker's own words, which people and scripts parse. */
function scriptFailure(file: string, { exitStatus, output, end }: ProcessEnd, timeoutS: number): Failure {
  const note = end === 'timed out' ? [`[no end within ${timeoutS} s]`] : [];
  const told = [output.trim(), ...note].filter((part) => part !== '').join('\n');
  return {
    facts: { exitStatus, end, output: told },
    afterAttempts: (attempts) =>
      new CommandFailedError(
        `ValueError: Power script ${file} failed after ${attempts} attempts with exit status ${exitStatus}:\n${told}`,
        { systemBroken: true },
      ),
  };
}

/** The lab controller's fault: were the system blamed, one bad script would take every system of its type out of service. */
function startFailure(file: string, error: ProcessStartError): Failure {
  return {
    facts: { error: describeError(error) },
    afterAttempts: (attempts) =>
      new CommandFailedError(
        `Power script ${file} could not be started in ${attempts} attempts: ${error.message}`,
        {
          systemBroken: false,
          cause: error,
        },
      ),
  };
}

import type { PowerSettings } from '../../command.ts';
import { CommandFailedError, describeError, errorCode, InterruptedError } from '../../errors.ts';
import { ProcessStartError } from '../../process/process-start-error.ts';
import type { ProcessEnd } from '../../process/run-process.ts';
import { SurvivorsError } from '../../process/survivors-error.ts';
import { wait } from '../../wait.ts';
import { trimmed } from '../../white-space.ts';
import type { ActionContext } from '../action-context.ts';
import { POWER_TIMING } from './power-timing.ts';
import { scriptEnvironment } from './script-environment.ts';
import type { PowerMode } from './script-environment.ts';

/**
 * Runs the system's power script until it succeeds, as often as the settings allow and as trying again may help.
 * @throws CommandFailedError after the last attempt, blaming the system unless the lab controller is at fault; InterruptedError when a stop
 * came before success and attempts were left, or ended the script. What is owed to a system that is off (`isOwed`) is tried once more, and
 * at once, after a stop.
 */
export async function powerScript(
  mode: PowerMode,
  power: PowerSettings,
  context: ActionContext,
  { isOwed = false }: { readonly isOwed?: boolean } = {},
): Promise<void> {
  const { settings, powerScripts, log, stopping, killing, timing = POWER_TIMING } = context;
  const file = powerScripts.find(power.type);
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
    if (failure.isFinal || attempt >= settings.powerAttempts) throw failure.afterAttempts(attempt);
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
  /** Whether trying again cannot help. */
  readonly isFinal: boolean;
  readonly afterAttempts: (attempts: number) => CommandFailedError;
}

async function tryOnce({ file, env, power, context }: Attempt): Promise<Failure | undefined> {
  const timeoutS = context.settings.powerTimeoutS;
  try {
    const result = await context.runProcess({
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
    if (error instanceof SurvivorsError) throw survivorsFailure(file, error, context);
    throw error;
  }
}

/** Not tried again: two scripts at one machine is worse than none. */
function survivorsFailure(
  file: string,
  error: SurvivorsError,
  { killing, onSurvivors }: ActionContext,
): Error {
  if (killing.aborted) return new InterruptedError(`${file} was to be ended: ${error.message}`);
  onSurvivors(error.survivors);
  return new CommandFailedError(`Power script ${file} failed, and does not end: ${error.message}`, {
    systemBroken: false,
    cause: error,
  });
}

/** How a script says by its exit status that a setting of the system cannot be used (EX_CONFIG of sysexits.h). */
const SETTINGS_REFUSED = 78;

/** How a shell, or `env`, says that it cannot run a program, or does not find it: one that is missing on the lab controller. */
const PROGRAM_MISSING = [126, 127];

/** Beaker's own words, which people and scripts parse. */
function scriptFailure(file: string, { exitStatus, output, end }: ProcessEnd, timeoutS: number): Failure {
  const isMissing = end === 'exited' && PROGRAM_MISSING.includes(exitStatus);
  const notes = [
    ...(end === 'timed out' ? [`[no end within ${timeoutS} s]`] : []),
    ...(isMissing ? ['[a program that the script needs cannot be run on this lab controller]'] : []),
  ];
  const told = [trimmed(output), ...notes].filter((part) => part !== '').join('\n');
  return {
    facts: { exitStatus, end, output: told },
    isFinal: isMissing || (end === 'exited' && exitStatus === SETTINGS_REFUSED),
    afterAttempts: (attempts) =>
      new CommandFailedError(
        `ValueError: Power script ${file} failed after ${attempts} attempts with exit status ${exitStatus}:\n${told}`,
        { systemBroken: !isMissing },
      ),
  };
}

/** What does not pass by itself, as the limits of the machine and a script that is being written do. */
const LASTING_PROBLEMS = [
  'ENOENT',
  'EACCES',
  'EPERM',
  'ENOEXEC',
  'ELIBBAD',
  'EINVAL',
  'ELOOP',
  'ENOTDIR',
  'EISDIR',
  'E2BIG',
];

/** The lab controller's fault: were the system blamed, one bad script would take every system of its type out of service. */
function startFailure(file: string, error: ProcessStartError): Failure {
  return {
    facts: { error: describeError(error) },
    isFinal: LASTING_PROBLEMS.includes(errorCode(error.cause) ?? ''),
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

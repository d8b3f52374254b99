import type { PowerSettings } from '../../command.ts';
import { CommandFailedError } from '../../errors.ts';
import { RUN_MARKER } from '../../process/end-group.ts';
import type { ActionContext } from '../action-context.ts';

/** What a power script is told to do. */
export type PowerMode = 'on' | 'off' | 'interrupt';

/**
 * All that a power script learns: whom to switch and how (`power_*`, empty when not set), the run's marker, and of the daemon's
 * environment only what programs need to find their way.
 * @throws CommandFailedError blaming the system when a setting cannot be put into an environment.
 */
export function scriptEnvironment(
  mode: PowerMode,
  power: PowerSettings,
  { environment, marker }: Pick<ActionContext, 'environment' | 'marker'>,
): Record<string, string> {
  const own = INHERITED.map((name) => [name, environment[name]] as const).filter(
    ([, value]) => value !== undefined,
  );
  const settings = {
    power_address: power.address,
    power_id: power.id,
    power_user: power.user,
    power_pass: power.password.reveal(),
    power_mode: mode,
  };
  for (const [name, value] of Object.entries(settings)) refuseNul(name, value);
  return { PATH: DEFAULT_PATH, ...Object.fromEntries(own), ...settings, [RUN_MARKER]: marker };
}

const INHERITED = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ'] as const;

/** Fence agents and ether-wake live in sbin. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function refuseNul(name: string, value: string): void {
  if (!value.includes('\0')) return;
  throw new CommandFailedError(
    `${name} holds a NUL character, which ends a value in an environment; correct the system's power settings`,
    { systemBroken: true },
  );
}

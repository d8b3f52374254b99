import type { PowerSettings } from '../../command.ts';
import { CommandFailedError } from '../../errors.ts';
import { RUN_MARKER } from '../../process/end-group.ts';
import type { ActionContext, ActionSettings } from '../action-context.ts';

/** What a power script is told to do. */
export type PowerMode = 'on' | 'off' | 'interrupt';

type Surroundings = Pick<ActionContext, 'environment' | 'marker'> & {
  readonly settings: Pick<ActionSettings, 'powerEnvironment' | 'ipmi15'>;
};

/**
 * All that a power script learns: whom to switch and how (`power_*`, empty when not set), the run's marker, the lab's choice about IPMI 1.5,
 * and of the daemon's environment only what programs need to find their way and what the lab allows besides.
 * @throws CommandFailedError blaming the system when a setting cannot be put into an environment.
 */
export function scriptEnvironment(
  mode: PowerMode,
  power: PowerSettings,
  { environment, marker, settings }: Surroundings,
): Record<string, string> {
  const own = {
    power_address: power.address,
    power_id: power.id,
    power_user: power.user,
    power_pass: power.password.reveal(),
    power_mode: mode,
  };
  for (const [name, value] of Object.entries(own)) refuseNul(name, value);
  return {
    PATH: DEFAULT_PATH,
    ...inherited(environment, settings.powerEnvironment),
    ...own,
    [IPMI_1_5]: settings.ipmi15,
    [RUN_MARKER]: marker,
  };
}

/** Read by the bundled script for ipmitool. */
const IPMI_1_5 = 'BEAKER_PROVISION_IPMI_1_5';

const ALWAYS_INHERITED = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ'];

/** Fence agents and ether-wake live in sbin. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function inherited(
  environment: ActionContext['environment'],
  allowed: readonly string[],
): Record<string, string> {
  const names = [...ALWAYS_INHERITED, ...allowed.filter((name) => !name.endsWith('*'))];
  const starts = allowed.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1));
  const begun = Object.keys(starts.length === 0 ? {} : environment).filter((name) =>
    starts.some((start) => name.startsWith(start)),
  );
  const given: Record<string, string> = {};
  for (const name of [...names, ...begun]) {
    const value = environment[name];
    if (value !== undefined) given[name] = value;
  }
  return given;
}

function refuseNul(name: string, value: string): void {
  if (!value.includes('\0')) return;
  throw new CommandFailedError(
    `${name} holds a NUL character, which ends a value in an environment; correct the system's power settings`,
    { systemBroken: true },
  );
}

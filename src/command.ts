import * as z from 'zod';
import { InvalidCommandError } from './errors.ts';
import { Secret } from './secret.ts';
import { trimmed } from './white-space.ts';
import { isWholeText } from './whole-text.ts';

/** Everything a hub may ask of a lab (Beaker 29, `get_queued_command_details`). */
export const ACTIONS = [
  'on',
  'off',
  'reboot',
  'interrupt',
  'clear_logs',
  'configure_netboot',
  'clear_netboot',
] as const;
export type Action = (typeof ACTIONS)[number];

const POWER_ACTIONS: ReadonlySet<Action> = new Set(['on', 'off', 'reboot', 'interrupt']);
const REPEATABLE_ACTIONS: ReadonlySet<Action> = new Set([
  'on',
  'off',
  'clear_logs',
  'configure_netboot',
  'clear_netboot',
]);

export interface PowerSettings {
  readonly type: string;
  /** Without white space around it, as `id`: scripts and lanes see the same. */
  readonly address: string;
  readonly id: string;
  readonly user: string;
  readonly password: Secret;
}

export interface NetbootSettings {
  readonly kernelUrl: string;
  readonly initrdUrl: string;
  readonly kernelOptions: string;
  readonly imageUrl: string | undefined;
  readonly distroTreeId: number | undefined;
  readonly arch: string;
}

/** One thing to do to one system. `id` is the hub's, and orders commands. */
export interface Command {
  readonly id: number;
  readonly action: Action;
  /** Without the dot that DNS allows at its end; see `hostName`. */
  readonly fqdn: string;
  /** Seconds to wait, from its arrival, before it may run. */
  readonly delayS: number;
  /** Seconds of rest between the system's last power command and this one; 0 when the hub asks for none. */
  readonly quiescentPeriodS: number;
  readonly power: PowerSettings | undefined;
  readonly netboot: NetbootSettings | undefined;
}

/** How a command ended. */
export type Outcome =
  /** The message says what was left as it is on purpose. A hub has no room for it. */
  | { readonly status: 'completed'; readonly message?: string }
  | { readonly status: 'failed'; readonly message: string; readonly systemBroken: boolean }
  | { readonly status: 'aborted'; readonly message: string };

/** Whether the action drives the system's power. */
export function isPowerAction(action: Action): boolean {
  return POWER_ACTIONS.has(action);
}

/** Whether doing the action a second time does no harm, so that it may be run again after a crash. */
export function isRepeatable(action: Action): boolean {
  return REPEATABLE_ACTIONS.has(action);
}

/** What names the lanes of a command: all that may be known of one that somebody else runs. */
export interface LaneNames {
  readonly fqdn: string;
  readonly power?: Pick<PowerSettings, 'address'> | undefined;
}

/**
 * The lanes of a command: its system and, when it drives power, the controller that it drives. Of all commands that
 * share a lane, one at a time may run, in the order of their ids. Names are compared without regard to case, and addresses also without
 * regard to a dot at their end.
 */
export function lanesOf({ fqdn, power }: LaneNames): readonly string[] {
  const system = `system:${fqdn.toLowerCase()}`;
  const address = withoutLastDot(power?.address.toLowerCase() ?? '');
  return address === '' ? [system] : [system, `power:${address}`];
}

/**
 * Reads a command as the hub lists it or a message carries it (`beaker-facts.md` §1); extra members are ignored.
 * @throws InvalidCommandError saying every member that is wrong; its `id` is set when that member was right.
 */
export function decodeCommand(value: unknown): Command {
  const parsed = wireCommand.safeParse(value);
  if (!parsed.success) throw new InvalidCommandError(explain(parsed.error), idOf(value));
  const wire = parsed.data;
  return {
    id: wire.id,
    action: wire.action,
    fqdn: wire.fqdn,
    delayS: wire.delay ?? 0,
    quiescentPeriodS: wire.quiescent_period ?? 0,
    power: wire.power && {
      type: wire.power.type,
      address: trimmed(wire.power.address ?? ''),
      id: trimmed(wire.power.id ?? ''),
      user: wire.power.user ?? '',
      password: new Secret(wire.power.passwd ?? ''),
    },
    netboot: wire.netboot && {
      kernelUrl: wire.netboot.kernel_url,
      initrdUrl: wire.netboot.initrd_url,
      kernelOptions: wire.netboot.kernel_options ?? '',
      imageUrl: wire.netboot.image_url ?? undefined,
      distroTreeId: wire.netboot.distro_tree_id ?? undefined,
      arch: wire.netboot.arch,
    },
  };
}

/** The wire form of a command, as `decodeCommand` reads it. Contains the power password in the clear. */
export function encodeCommand(command: Command): WireCommand {
  return {
    id: command.id,
    action: command.action,
    fqdn: command.fqdn,
    delay: command.delayS,
    quiescent_period: command.quiescentPeriodS,
    ...(command.power && {
      power: {
        type: command.power.type,
        address: command.power.address,
        id: command.power.id,
        user: command.power.user,
        passwd: command.power.password.reveal(),
      },
    }),
    ...(command.netboot && {
      netboot: {
        kernel_url: command.netboot.kernelUrl,
        initrd_url: command.netboot.initrdUrl,
        kernel_options: command.netboot.kernelOptions,
        image_url: command.netboot.imageUrl ?? null,
        distro_tree_id: command.netboot.distroTreeId ?? null,
        arch: command.netboot.arch,
      },
    }),
  };
}

/**
 * A host name after RFC 1123: labels of letters, digits and inner hyphens. Never a path: no slash, no leading dot. A dot at its end, with
 * which DNS writes a name in full, is taken away: with and without it, it is the same host.
 */
export const hostName = z
  .string()
  .overwrite(withoutLastDot)
  .max(253)
  .regex(
    /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i,
    'expected a host name',
  );

function withoutLastDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

/** A text of a command, which must be what its author wrote. */
export function wholeText(maxLength: number) {
  return z
    .string()
    .max(maxLength)
    .refine(
      isWholeText,
      'expected text without control characters and lost characters (U+FFFD), which XML cannot carry',
    );
}

// XML-RPC turns absent text into nil, and Python's hub sends numbers for what looks like one ("power_id").
const looseText = z.union([wholeText(4096), z.number().transform(String)]).nullish();
// setTimeout holds no more than 2^31 ms; a year is longer than anybody waits for a machine.
const seconds = z.number().nonnegative().max(2_000_000);

const wireCommand = z
  .object({
    id: z.int().positive(),
    action: z.enum(ACTIONS),
    fqdn: hostName,
    delay: seconds.nullish(),
    quiescent_period: seconds.nullish(),
    power: z
      .object({
        type: wholeText(255),
        address: looseText,
        id: looseText,
        user: looseText,
        passwd: looseText,
      })
      .nullish()
      .transform((power) => power ?? undefined),
    netboot: z
      .object({
        kernel_url: wholeText(4096),
        initrd_url: wholeText(4096),
        kernel_options: wholeText(65_536).nullish(),
        image_url: wholeText(4096).nullish(),
        distro_tree_id: z.int().nullish(),
        arch: wholeText(64),
      })
      .nullish()
      .transform((netboot) => netboot ?? undefined),
  })
  .refine(({ action, power }) => !isPowerAction(action) || power !== undefined, {
    path: ['power'],
    message: 'expected the power settings of the system, which a power command needs',
  })
  .refine(({ action, netboot }) => action !== 'configure_netboot' || netboot !== undefined, {
    path: ['netboot'],
    message: 'expected kernel and initrd, which configure_netboot needs',
  });

export type WireCommand = z.input<typeof wireCommand>;

function explain(error: z.ZodError): string {
  const problems = error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join('.')}: ${message}`,
  );
  return `invalid command: ${problems.join('; ')}`;
}

function idOf(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null || !('id' in value)) return undefined;
  return typeof value.id === 'number' && Number.isSafeInteger(value.id) && value.id > 0
    ? value.id
    : undefined;
}

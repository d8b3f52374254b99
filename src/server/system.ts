import * as z from 'zod';
import { hostName, type PowerSettings, wholeText } from '../command.ts';
import { Secret } from '../secret.ts';

/** A machine of a lab: how its power is driven, and how long it must rest between two power commands. */
export interface System {
  readonly fqdn: string;
  readonly lab: string;
  readonly quiescentPeriodS: number;
  readonly power: PowerSettings;
}

/** A name that scripts are looked up by; never a path. */
const powerType = z
  .string()
  .max(255)
  .regex(/^[a-z0-9][a-z0-9_.-]*$/i, 'expected the name of a power type, such as ipmitool');
const text = z.union([wholeText(4096), z.number().transform(String)]).nullish();
const seconds = z.number().nonnegative().max(2_000_000);

/** Power settings as people write them: in the systems file and in requests. */
export const powerInput = z.strictObject({
  type: powerType,
  address: text,
  id: text,
  user: text,
  passwd: text,
});
export type PowerInput = z.output<typeof powerInput>;

/** Seconds, at most what a timer holds. */
export const secondsInput = seconds;

/** The members of a system that people write. */
export const systemInput = z.strictObject({
  fqdn: hostName,
  lab: z.string().min(1).max(253).optional(),
  quiescent_period: seconds.nullish(),
  power: powerInput,
});

/** The settings behind what was written; `known`'s password stays when none was written. */
export function powerSettings(input: PowerInput, known?: PowerSettings): PowerSettings {
  return {
    type: input.type,
    address: input.address ?? '',
    id: input.id ?? '',
    user: input.user ?? '',
    password: input.passwd === undefined && known ? known.password : new Secret(input.passwd ?? ''),
  };
}

/** Power settings as they may be shown: without the password. */
export function showPower({ type, address, id, user }: PowerSettings): object {
  return { type, address, id, user };
}

/** A system as the JSON API shows it. */
export function showSystem({ fqdn, lab, quiescentPeriodS, power }: System): object {
  return { fqdn, lab, quiescent_period: quiescentPeriodS, power: showPower(power) };
}

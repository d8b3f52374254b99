import * as z from 'zod';
import { ACTIONS, hostName, isPowerAction } from '../command.ts';
import { storePower } from './systems.ts';
import { powerInput, powerSettings, secondsInput, type System } from './system.ts';

/** A command as it is asked for. What it does not say about power and rest is taken from its system. */
export const newCommandInput = z.strictObject({
  fqdn: hostName,
  action: z.enum(ACTIONS),
  delay: secondsInput.nullish(),
  quiescent_period: secondsInput.nullish(),
  power: powerInput.partial().nullish(),
  netboot: z.record(z.string(), z.unknown()).nullish(),
});
export type NewCommand = z.output<typeof newCommandInput>;

/** The columns of a new command that depend on what was asked for and on its system. */
export interface NewCommandColumns {
  readonly lab: string;
  readonly fqdn: string;
  readonly action: string;
  readonly delay_until: number | null;
  readonly quiescent_period: number;
  readonly queued_at: number;
  readonly power: string | null;
  readonly netboot: string | null;
}

/**
 * What is stored of a new command: a snapshot of its system's settings, overridden by what was asked for.
 * Whether a worker would accept it is for `decodeCommand` to say.
 */
export function columnsOf(asked: NewCommand, system: System, nowMs: number): NewCommandColumns {
  const delayS = asked.delay ?? 0;
  return {
    lab: system.lab,
    fqdn: system.fqdn,
    action: asked.action,
    delay_until: delayS > 0 ? nowMs + Math.round(delayS * 1000) : null,
    quiescent_period: asked.quiescent_period ?? (rests(asked) ? system.quiescentPeriodS : 0),
    queued_at: nowMs,
    power: isPowerAction(asked.action) ? powerColumn(asked, system) : null,
    netboot: asked.netboot ? JSON.stringify(asked.netboot) : null,
  };
}

/** Beaker gives rest to what switches power, and to nothing else. */
function rests({ action }: NewCommand): boolean {
  return action === 'on' || action === 'off';
}

function powerColumn({ power }: NewCommand, { power: settings }: System): string {
  if (!power) return storePower(settings);
  const merged = {
    type: power.type ?? settings.type,
    address: power.address ?? settings.address,
    id: power.id ?? settings.id,
    user: power.user ?? settings.user,
    passwd: power.passwd,
  };
  return storePower(powerSettings(merged, settings));
}

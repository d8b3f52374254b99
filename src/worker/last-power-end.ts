import type { Journal } from '../report/journal.ts';
import type { Roster } from '../roster/roster.ts';

export interface LastPowerEndOptions {
  readonly journal: Pick<Journal, 'lastPowerEnd'>;
  readonly roster: Pick<Roster, 'hearingSince' | 'isAlone'>;
}

/**
 * When the power of system `fqdn` was last switched, or may have been, on the steady clock; undefined when that cannot be
 * told. What other workers do is known only for as long as they are heard: the moment before may have been an end.
 */
export function lastPowerEnd(fqdn: string, { journal, roster }: LastPowerEndOptions): number | undefined {
  const known = journal.lastPowerEnd(fqdn);
  if (roster.isAlone) return known;
  const { hearingSince } = roster;
  return hearingSince === undefined ? undefined : Math.max(known ?? 0, hearingSince);
}

import { readFileSync } from 'node:fs';

/**
 * Milliseconds since this machine started, by its monotonic clock, which is never set; it stands still while the machine sleeps. All processes of
 * one boot read the same clock, so that a moment may be kept for the next process. It means nothing on another machine, or after another boot.
 */
export function steadyNow(): number {
  return Number(process.hrtime.bigint()) / NS_PER_MS;
}

const NS_PER_MS = 1_000_000;

/** Which boot of the machine `steadyNow` counts from. */
export function steadySince(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** What the wall clock, as it is set just now, shows for a moment of the steady clock: milliseconds since the epoch, for people and other machines. */
export function wallTimeOf(steadyMs: number): number {
  return Math.round(Date.now() - (steadyNow() - steadyMs));
}

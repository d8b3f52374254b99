import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

/**
 * Milliseconds since this machine started, by its monotonic clock, which is never set; it stands still while the machine sleeps. All processes of
 * one boot read the same clock, so that a moment may be kept for the next process. It means nothing on another machine, or after another boot.
 */
export function steadyNow(): number {
  return Number(process.hrtime.bigint()) / NS_PER_MS;
}

const NS_PER_MS = 1_000_000;

/**
 * The id of this boot of the machine, from which `steadyNow` counts and within which a process number means something. Where the kernel's id
 * cannot be read (`/proc` of process directories only, as by systemd's `ProcSubset=pid`), an id of this process: then what an earlier process
 * noted is of another boot, whether it was or not.
 */
export function bootId(path = '/proc/sys/kernel/random/boot_id'): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return OWN_ID;
  }
}

const OWN_ID = randomUUID();

/** What the wall clock, as it is set just now, shows for a moment of the steady clock: milliseconds since the epoch, for people and other machines. */
export function wallTimeOf(steadyMs: number): number {
  return Math.round(Date.now() - (steadyNow() - steadyMs));
}

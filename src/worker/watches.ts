import { Elsewhere } from '../claim/elsewhere.ts';
import { watchOrphans } from '../claim/orphans.ts';
import type { Config } from '../config/config.ts';
import type { Parts } from './parts.ts';
import type { WorkerOptions } from './worker-options.ts';

const ELSEWHERE_MS = 1_000;

/** What looks at the hub for the sake of commands that are not ours. */
export function startWatches(
  { hub, journal, answers, queue, roster, colleagues }: Parts,
  { config, log }: WorkerOptions,
): { stop: () => Promise<void> } {
  const done = new AbortController();
  const { signal } = done;
  const elsewhere = colleagues ?? new Elsewhere({ hub, answers, queue, roster, journal, log });
  const watches = [elsewhere.watch(ELSEWHERE_MS, signal)];
  if (config.fallbackPrimary) {
    const graceMs = config.orphanGraceS * 1000;
    const others = colleagues && {
      roster,
      graceMs,
      longestRunMs: longestRunMs(config),
      hearOut: (until: AbortSignal) => colleagues.hearOut(until),
    };
    const isJournaled = (id: number): boolean =>
      journal.entry(id) !== undefined || journal.unreadable().some((entry) => entry.id === id);
    const isOurs = (id: number): boolean => {
      const phase = queue.phaseOf(id);
      const isUnderWay = phase === 'claiming' || phase === 'running' || phase === 'reporting';
      return isJournaled(id) || isUnderWay || (others === undefined && phase !== undefined);
    };
    const sleepMs = config.sleepTimeS * 1000;
    const intervalMs = others === undefined ? sleepMs : Math.min(sleepMs, graceMs / 2);
    watches.push(watchOrphans({ hub, isOurs, others, intervalMs, signal, log }));
  }
  return {
    stop: async () => {
      done.abort();
      await Promise.all(watches);
    },
  };
}

/** A reboot is two scripts, each tried so often; between tries there are pauses. */
function longestRunMs({ powerAttempts, powerTimeoutS }: Config): number {
  return 2 * powerAttempts * (powerTimeoutS + PAUSE_S) * 1000;
}

const PAUSE_S = 60;

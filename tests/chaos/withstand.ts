import { planChaos } from './plan.ts';
import { runChaos } from './run-chaos.ts';

const DURATION_MS = 45_000;

/** For a run and for what it leaves to come to an end, on a busy machine. */
export const PATIENCE_MS = 300_000;

/** Plays the plan of a seed. @throws Error with everything that a person wants to know when something went wrong */
export async function withstand(seed: number): Promise<void> {
  const { violations, report } = await runChaos({ plan: planChaos(seed, { durationMs: DURATION_MS }) });
  if (violations.length > 0) throw new Error(report);
  process.stdout.write(`${report}\n`);
}

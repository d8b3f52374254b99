import type { PowerTiming } from '../action-context.ts';

/** The longest wait before an attempt, unless the number of the attempt itself is greater. */
const LONGEST_RETRY_DELAY_S = 300;

/** The waits that Beaker has always made. */
export const POWER_TIMING: PowerTiming = { retryDelayMs, rebootPauseMs: 5000 };

/** From `attempt` to `2^attempt` seconds, at random: systems that failed together do not come back together. */
function retryDelayMs(attempt: number): number {
  const upperS = Math.max(attempt, Math.min(2 ** attempt, LONGEST_RETRY_DELAY_S));
  return 1000 * (attempt + Math.random() * (upperS - attempt));
}

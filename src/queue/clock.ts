import { steadyNow } from '../steady-clock.ts';

/** Time as the queue sees it, so that tests can let a day pass in a moment. It is never set, unlike the clock on the wall. */
export interface Clock {
  /** Milliseconds since some moment in the past; see `steadyNow`. */
  now(): number;
  /** Calls `then` once, `ms` milliseconds from now, unless the returned function is called before. */
  after(ms: number, then: () => void): () => void;
}

export const systemClock: Clock = {
  now: steadyNow,
  after(ms, then) {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};

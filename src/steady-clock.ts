/**
 * Milliseconds since the epoch as they were known when this process started, and from there by a clock that nobody sets: for how long
 * somebody was silent, say. Not to be compared with what other machines or former lives have noted.
 */
export function steadyNow(): number {
  return performance.timeOrigin + performance.now();
}

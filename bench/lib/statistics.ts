/** The middle one of the values. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** What a table says of many durations. */
export interface Spread {
  readonly medianMs: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** The spread of durations in milliseconds. */
export function spreadOf(durationsMs: readonly number[]): Spread {
  return {
    medianMs: round(median(durationsMs)),
    p90Ms: round(quantile(durationsMs, 0.9)),
    p99Ms: round(quantile(durationsMs, 0.99)),
    maxMs: round(quantile(durationsMs, 1)),
  };
}

/** Rounded for people: to one decimal, or as many as asked for. */
export function round(value: number, decimals = 1): number {
  return Number(value.toFixed(decimals));
}

/** The value below which the part `q`, from 0 to 1, of the values lies. */
function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
}

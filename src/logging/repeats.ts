/** A line as it is written: facts are clean already. */
export interface Line {
  readonly level: string;
  readonly event: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface RepeatsOptions {
  readonly write: (line: Line) => void;
  /** Milliseconds from one line to the next that sums its repetitions up. */
  readonly everyMs: number;
}

/** Kinds of lines that are counted at once; beyond that, lines are written as they come. */
const MAX_KINDS = 1_000;

interface Kind {
  /** Since the last line that was written. */
  repeated: number;
  latest: Line;
}

/**
 * Writes a warning or error at its first time, and counts it while it comes again: each minute a line with the latest facts says how often, in
 * `repeated`. All other lines pass. Lines are of one kind when they are the same but for numbers: a hub that is away is the same trouble at
 * the third attempt as at the second. A line about a command, which has an `id`, is counted only when it is the same in everything.
 */
export class Repeats {
  readonly #options: RepeatsOptions;
  readonly #kinds = new Map<string, Kind>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RepeatsOptions) {
    this.#options = options;
  }

  take(line: Line): void {
    if (line.level !== 'warn' && line.level !== 'error') {
      if (line.level === 'info' && !('id' in line.facts)) this.#somethingChanged();
      this.#options.write(line);
      return;
    }
    const key = kindOf(line);
    const kind = this.#kinds.get(key);
    if (kind !== undefined) {
      kind.repeated += 1;
      kind.latest = line;
      return;
    }
    this.#options.write(line);
    if (this.#kinds.size >= MAX_KINDS) return;
    this.#kinds.set(key, { repeated: 0, latest: line });
    this.#timer ??= setInterval(() => this.sumUp(), this.#options.everyMs).unref();
  }

  /** Writes what was counted. What was not repeated since the last time is over, and is news when it comes again. */
  sumUp(): void {
    for (const [key, kind] of this.#kinds) {
      const { repeated, latest } = kind;
      if (repeated === 0) this.#kinds.delete(key);
      else this.#options.write({ ...latest, facts: { ...latest.facts, repeated } });
      kind.repeated = 0;
    }
    if (this.#kinds.size === 0) this.#rest();
  }

  /** A hub that answers again, a broker that is back: the same trouble after that is another one. */
  #somethingChanged(): void {
    if (this.#kinds.size === 0) return;
    this.sumUp();
    this.#kinds.clear();
    this.#rest();
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** Facts with the words of others, in which numbers (ports, times, counts) mean as little as those of our own. */
const WORDS_OF_OTHERS = new Set(['reason', 'error', 'output', 'remedy']);

function kindOf({ level, event, facts }: Line): string {
  if ('id' in facts) return JSON.stringify([level, event, facts]);
  const told = Object.entries(facts)
    .filter(([, value]) => typeof value !== 'number')
    .map(([key, value]) => [
      key,
      WORDS_OF_OTHERS.has(key) && typeof value === 'string' ? value.replaceAll(/\d+/g, '#') : value,
    ]);
  return JSON.stringify([level, event, told]);
}

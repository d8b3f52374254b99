import { lookup as askNameService, type LookupAddress, type LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';

export interface LastGoodAddressesOptions {
  /** How long the name service has for an answer when there is an earlier one to use instead, in milliseconds; 3,000 unless given. */
  readonly timeoutMs?: number;
  /** How long it has when there is none; 9,000 unless given, which is less than connections have. */
  readonly firstTimeoutMs?: number;
  /** Asks the name service; that of the machine unless given. */
  readonly ask?: (name: string, options: LookupOptions & { all: true }, answer: Answered) => void;
}

type Answered = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;
type Known = Map<string, readonly LookupAddress[]>;

/** A question that is under way. Those that come meanwhile wait for the same answer: each takes one of four threads. */
interface Question {
  readonly answer: Promise<readonly LookupAddress[]>;
  readonly askedAt: number;
  /** Whether something has waited for it in vain. */
  isLate: boolean;
}

const TIMEOUT_MS = 3_000;
const FIRST_TIMEOUT_MS = 9_000;
const MAX_NAMES = 100;

/**
 * Finds addresses for sockets, in bounded time: when the name service fails or does not answer, a name has the addresses under which it was last
 * reached. So a hub or broker stays in reach while the name service is away. Where each answer takes seconds, since the first of several name
 * servers is dead, an answer that came too late for its question serves the next one.
 */
export class LastGoodAddresses {
  readonly #timeoutMs: number;
  readonly #firstTimeoutMs: number;
  readonly #ask: NonNullable<LastGoodAddressesOptions['ask']>;
  readonly #answered: Known = new Map();
  readonly #good: Known = new Map();
  readonly #late: Known = new Map();
  readonly #underWay = new Map<string, Question>();

  constructor(options: LastGoodAddressesOptions = {}) {
    const { timeoutMs = TIMEOUT_MS, firstTimeoutMs = FIRST_TIMEOUT_MS, ask = askNameService } = options;
    this.#timeoutMs = timeoutMs;
    this.#firstTimeoutMs = Math.max(timeoutMs, firstTimeoutMs);
    this.#ask = ask;
  }

  /** The `lookup` of a socket's options. */
  readonly lookup: LookupFunction = (name, options, callback) => {
    this.#find(name, options).then(
      (addresses) => {
        const [first] = addresses;
        if (options.all === true) callback(null, [...addresses]);
        else if (first !== undefined) callback(null, first.address, first.family);
      },
      (error: unknown) => callback(error as NodeJS.ErrnoException, [], 0),
    );
  };

  /** Remembers the addresses that `name` has just had: it was reached. */
  reached(name: string): void {
    for (const [key, addresses] of this.#answered) {
      if (nameOf(key) !== name) continue;
      this.#answered.delete(key);
      keep(this.#good, key, addresses);
    }
  }

  async #find(name: string, options: LookupOptions): Promise<readonly LookupAddress[]> {
    const key = keyOf(name, options);
    let found: readonly LookupAddress[];
    try {
      found = await this.#inTime(name, key, this.#question(key, name, options));
    } catch (error) {
      const instead = this.#instead(key);
      if (instead === undefined) throw error;
      found = instead;
    }
    keep(this.#answered, key, found);
    return found;
  }

  /** What stands in for an answer: the latest one that was too late, which is newer than the one that was last good. */
  #instead(key: string): readonly LookupAddress[] | undefined {
    return this.#late.get(key) ?? this.#good.get(key);
  }

  #question(key: string, name: string, options: LookupOptions): Question {
    const known = this.#underWay.get(key);
    if (known !== undefined) return known;
    const answer = new Promise<readonly LookupAddress[]>((resolve, reject) => {
      this.#ask(name, { ...options, all: true }, (error, addresses) => {
        const isLate = this.#underWay.get(key)?.isLate === true;
        this.#underWay.delete(key);
        if (error !== null) return reject(error);
        if (addresses.length === 0) return reject(failure('ENOTFOUND', `there is no address of ${name}`));
        if (isLate) keep(this.#late, key, addresses);
        else this.#late.delete(key);
        resolve(addresses);
      });
    });
    const question = { answer, askedAt: performance.now(), isLate: false };
    this.#underWay.set(key, question);
    // It may fail when nothing waits for it any more.
    answer.catch(() => undefined);
    return question;
  }

  async #inTime(name: string, key: string, question: Question): Promise<readonly LookupAddress[]> {
    const { answer, askedAt } = question;
    const ms = this.#instead(key) === undefined ? this.#firstTimeoutMs : this.#timeoutMs;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const give = (): void => {
        question.isLate = true;
        reject(failure('ETIMEOUT', `the name service has no answer for ${name} within ${ms} ms`));
      };
      timer = setTimeout(give, Math.max(0, askedAt + ms - performance.now()));
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Notes the latest of a name; of more than a hundred names the oldest goes. */
function keep(known: Known, key: string, addresses: readonly LookupAddress[]): void {
  known.delete(key);
  known.set(key, addresses);
  for (const oldest of known.keys()) if (known.size > MAX_NAMES) known.delete(oldest);
}

function failure(code: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code });
}

/** IPv4, IPv6 or both, asked in one way or another: answers differ. */
function keyOf(name: string, { family = 0, hints = 0 }: LookupOptions): string {
  return `${family}/${hints}/${name}`;
}

function nameOf(key: string): string {
  return key.slice(key.indexOf('/', key.indexOf('/') + 1) + 1);
}

import { lookup as askNameService, type LookupAddress, type LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';

export interface LastGoodAddressesOptions {
  /** How long the name service has for an answer, in milliseconds; 3,000 unless given. */
  readonly timeoutMs?: number;
  /** Asks the name service; that of the machine unless given. */
  readonly ask?: (name: string, options: LookupOptions & { all: true }, answer: Answered) => void;
}

type Answered = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

/** A question that is under way. Those that come meanwhile wait for the same answer: each takes one of four threads. */
interface Question {
  readonly answer: Promise<readonly LookupAddress[]>;
  readonly lateAt: number;
}

const TIMEOUT_MS = 3_000;
const MAX_NAMES = 100;

/**
 * Finds addresses for sockets, in bounded time: when the name service fails or does not answer, a name has the addresses under which it was last
 * reached. So a hub or broker stays in reach while the name service is away.
 */
export class LastGoodAddresses {
  readonly #timeoutMs: number;
  readonly #ask: NonNullable<LastGoodAddressesOptions['ask']>;
  readonly #answered = new Map<string, readonly LookupAddress[]>();
  readonly #good = new Map<string, readonly LookupAddress[]>();
  readonly #underWay = new Map<string, Question>();

  constructor({ timeoutMs = TIMEOUT_MS, ask = askNameService }: LastGoodAddressesOptions = {}) {
    this.#timeoutMs = timeoutMs;
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
      this.#good.delete(key);
      this.#good.set(key, addresses);
    }
    for (const key of this.#good.keys()) if (this.#good.size > MAX_NAMES) this.#good.delete(key);
  }

  async #find(name: string, options: LookupOptions): Promise<readonly LookupAddress[]> {
    const key = keyOf(name, options);
    try {
      const found = await this.#inTime(name, this.#question(key, name, options));
      this.#answered.delete(key);
      this.#answered.set(key, found);
      for (const old of this.#answered.keys())
        if (this.#answered.size > MAX_NAMES) this.#answered.delete(old);
      return found;
    } catch (error) {
      const good = this.#good.get(key);
      if (good === undefined) throw error;
      return good;
    }
  }

  #question(key: string, name: string, options: LookupOptions): Question {
    const known = this.#underWay.get(key);
    if (known !== undefined) return known;
    const answer = new Promise<readonly LookupAddress[]>((resolve, reject) => {
      this.#ask(name, { ...options, all: true }, (error, addresses) => {
        this.#underWay.delete(key);
        if (error !== null) reject(error);
        else if (addresses.length === 0) reject(failure('ENOTFOUND', `there is no address of ${name}`));
        else resolve(addresses);
      });
    });
    const question = { answer, lateAt: performance.now() + this.#timeoutMs };
    this.#underWay.set(key, question);
    // It may fail when nothing waits for it any more.
    answer.catch(() => undefined);
    return question;
  }

  async #inTime(name: string, { answer, lateAt }: Question): Promise<readonly LookupAddress[]> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const give = (): void =>
        reject(
          failure('ETIMEOUT', `the name service has no answer for ${name} within ${this.#timeoutMs} ms`),
        );
      timer = setTimeout(give, Math.max(0, lateAt - performance.now()));
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }
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

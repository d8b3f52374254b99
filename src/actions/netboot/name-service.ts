import type { LookupAddress } from 'node:dns';
import { lookup as systemLookup } from 'node:dns/promises';
import { errorCode } from '../../errors.ts';
import { wait } from '../../wait.ts';

/** All addresses of one family that the host's name service, /etc/hosts included, gives for a name. */
export type Lookup = (name: string, options: LookupOptions) => Promise<LookupAddress[]>;

export interface LookupOptions {
  /** 0 for both. */
  readonly family: 0 | 4 | 6;
  readonly hints?: number;
  readonly all: true;
}

export interface NameServiceOptions {
  /** Asks the host; Node's own unless given. */
  readonly lookup?: Lookup;
  /** How many questions may be with the host at once; see `threadsForLookups`. */
  readonly threads: number;
  /** How long to wait for an answer; 10,000 unless given. */
  readonly timeoutMs?: number;
}

/** What was asked, by one or several. */
interface Question {
  readonly key: string;
  readonly isOfImages: boolean;
  readonly ask: () => Promise<LookupAddress[]>;
  readonly answer: Promise<LookupAddress[]>;
  readonly settle: (asked: Promise<LookupAddress[]>) => void;
  /** How many wait for the answer. */
  waiting: number;
  /** Since when it holds a thread. */
  begunAt: number | undefined;
}

/** The host says so when it got no answer itself. */
const NO_ANSWER = 'EAI_AGAIN';

/** Whether the name service has said that there is no such name, or none of that family. */
export function isUnknownName(error: unknown): boolean {
  return ['ENOTFOUND', 'ENODATA', 'EAI_NODATA', 'EAI_NONAME'].includes(errorCode(error) ?? '');
}

/**
 * How many threads look-ups of systems and image servers may hold: two at most, and never all that look-ups get. libuv gives half of its threads to
 * them, of `UV_THREADPOOL_SIZE` or four; one of that half stays free for the hub and the broker, whose names are looked up for each connection.
 */
export function threadsForLookups(environment: Readonly<Record<string, string | undefined>>): number {
  const given = Number.parseInt(environment['UV_THREADPOOL_SIZE'] ?? '4', 10);
  const all = Number.isNaN(given) ? 1 : Math.min(Math.max(given, 1), 1_024);
  const forLookups = Math.floor((all + 1) / 2);
  return Math.min(2, Math.max(1, forLookups - 1));
}

/**
 * The host's name service, asked about systems and image servers: one or two questions at once, each given up after ten seconds. Systems come first,
 * and image servers leave them one of two threads: an image server of a dead domain fails its own commands, and no others.
 *
 * A question holds its thread until the host gives it up, which may take a minute; no call ends it before. So one that was given up here still
 * counts, and the next begins when it ends. One that has not begun is given up when no question was answered for ten seconds: a long queue before a
 * name service that works is no reason.
 */
export class NameService {
  readonly #ask: Lookup;
  readonly #threads: number;
  readonly #timeoutMs: number;
  readonly #questions = new Map<string, Question>();
  readonly #queue: Question[] = [];
  #held = 0;
  #heldForImages = 0;
  #answeredAt = -Infinity;

  constructor({ lookup = systemLookup, threads, timeoutMs = 10_000 }: NameServiceOptions) {
    this.#ask = lookup;
    this.#threads = threads;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Asks the host. Those who ask the same at the same time share one question.
   * @throws Error with the code `EAI_AGAIN` when there is no answer in time; else what the host says, such as `ENOTFOUND`
   */
  readonly lookup: Lookup = (name, options) => this.#find(name, options, false);

  /** As `lookup`, for servers of images. */
  readonly lookupOfImages: Lookup = (name, options) => this.#find(name, options, true);

  async #find(name: string, options: LookupOptions, isOfImages: boolean): Promise<LookupAddress[]> {
    const askedAt = performance.now();
    const question = this.#join(name, options, isOfImages);
    try {
      while (!(await isSettledWithin(question.answer, this.#leftMs(question, askedAt)))) {
        if (this.#leftMs(question, askedAt) <= 0) throw unanswered(name, this.#timeoutMs);
      }
      return await question.answer;
    } finally {
      question.waiting -= 1;
    }
  }

  #leftMs({ begunAt = this.#answeredAt }: Question, askedAt: number): number {
    return Math.max(askedAt, begunAt) + this.#timeoutMs - performance.now();
  }

  #join(name: string, options: LookupOptions, isOfImages: boolean): Question {
    const { family, hints = 0 } = options;
    const key = `${String(isOfImages)} ${family} ${hints} ${name.toLowerCase()}`;
    const known = this.#questions.get(key);
    if (known !== undefined) {
      known.waiting += 1;
      return known;
    }
    const question = newQuestion({ key, isOfImages, ask: async () => this.#ask(name, options) });
    this.#questions.set(key, question);
    this.#queue.push(question);
    this.#beginNext();
    return question;
  }

  #beginNext(): void {
    while (this.#held < this.#threads) {
      const question = this.#takeNext();
      if (question === undefined) return;
      if (question.waiting > 0) void this.#begin(question);
      else this.#questions.delete(question.key);
    }
  }

  #takeNext(): Question | undefined {
    const ofSystem = this.#queue.findIndex(({ isOfImages }) => !isOfImages);
    const mayBeOfImages = this.#heldForImages < Math.max(1, this.#threads - 1);
    const at = ofSystem === -1 && mayBeOfImages ? 0 : ofSystem;
    return at === -1 ? undefined : this.#queue.splice(at, 1)[0];
  }

  async #begin(question: Question): Promise<void> {
    this.#held += 1;
    if (question.isOfImages) this.#heldForImages += 1;
    question.begunAt = performance.now();
    const asked = question.ask();
    question.settle(asked);
    const isAnswered = await asked.then(
      () => true,
      (error: unknown) => errorCode(error) !== NO_ANSWER,
    );
    if (isAnswered) this.#answeredAt = performance.now();
    this.#held -= 1;
    if (question.isOfImages) this.#heldForImages -= 1;
    this.#questions.delete(question.key);
    this.#beginNext();
  }
}

function newQuestion(asked: Pick<Question, 'key' | 'isOfImages' | 'ask'>): Question {
  let settle: Question['settle'] = () => undefined;
  const answer = new Promise<LookupAddress[]>((resolve) => (settle = resolve));
  // Perhaps all who asked have given up when it fails.
  answer.catch(() => undefined);
  return { ...asked, answer, settle, waiting: 1, begunAt: undefined };
}

async function isSettledWithin(answer: Promise<unknown>, ms: number): Promise<boolean> {
  const settled = new AbortController();
  const settle = (): void => settled.abort();
  answer.then(settle, settle);
  return !(await wait(ms, settled.signal));
}

function unanswered(name: string, timeoutMs: number): Error {
  const message = `expected an answer of the name service for ${name} within ${timeoutMs / 1000} s, found none`;
  return Object.assign(new Error(message), { code: NO_ANSWER });
}

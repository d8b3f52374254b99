import { describeError, errorCode } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Secret } from '../secret.ts';
import { excerpt } from '../excerpt.ts';
import { LastGoodAddresses } from '../net/last-good-addresses.ts';
import { wait, withDeadline, type BackoffBounds } from '../wait.ts';
import { connect, placeOf, type ConnectOptions } from './connect.ts';
import { BrokerRefusedError } from './errors.ts';
import { RetryDelays } from './retry-delays.ts';
import { Session, type Probe } from './session.ts';

export interface BrokerOptions {
  /** Brokers of one cluster, or stand-ins for each other; tried in turn. At least one. */
  readonly urls: readonly Secret[];
  /** File with the certificate authorities to trust instead of the system's, in PEM. */
  readonly caCert?: string | undefined;
  readonly heartbeatS: number;
  /** Every so often the broker is asked for a sign of life, and has as long to give it. */
  readonly probeIntervalMs: number;
  /** Bounds the way to a connection, and the set-up on it; 10,000 unless given. */
  readonly connectTimeoutMs?: number;
  /** Before the next session; 250 ms doubling up to 30 s unless given. */
  readonly backoff?: BackoffBounds;
  /** Where addresses of brokers come from; the name service, or the last that worked, unless given. */
  readonly addresses?: LastGoodAddresses;
  /** About how long to wait after a refusal; 60,000 unless given. */
  readonly refusedMs?: number;
  readonly log: Logger;
}

export interface SupervisorOptions extends BrokerOptions {
  readonly connectionName: string;
  /** Makes the session useful: opens channels, declares, consumes. Gives the probe that tells whether it still is. */
  readonly setUp: (session: Session) => Promise<Probe>;
  readonly onUp?: (() => void) | undefined;
  /** After each `onUp`, unless the supervisor itself ended the session. The time is on the clock of `performance.now()`. */
  readonly onDown?: ((reason: string, lastSignOfLifeAt: number) => void) | undefined;
}

const GOODBYE_MS = 1_000;
const GOOD_AFTER_MS = 30_000;

/**
 * Keeps one session with a broker: when it ends, for whatever reason, it is torn down as a whole, and after a while another is opened.
 * Repairing parts would need to know which parts: a channel closes without its connection, a consumer ends without its channel,
 * and a dead peer says nothing at all.
 */
export class Supervisor {
  readonly #options: SupervisorOptions & ConnectDefaults;
  readonly #delays: RetryDelays;
  readonly #retiring = new AbortController();
  readonly #stopping = new AbortController();
  readonly #done: Promise<void>;

  constructor(options: SupervisorOptions) {
    this.#options = { connectTimeoutMs: 10_000, addresses: new LastGoodAddresses(), ...options };
    this.#delays = new RetryDelays({
      urlCount: options.urls.length,
      backoff: options.backoff ?? { firstMs: 250, maxMs: 30_000 },
      refusedMs: options.refusedMs ?? 60_000,
      goodAfterMs: GOOD_AFTER_MS,
    });
    this.#done = this.#run();
  }

  /** Opens no further session; the present one lives on. */
  retire(): void {
    this.#retiring.abort();
  }

  /** Ends the present session in an orderly way; resolves when nothing is left of it. */
  async stop(): Promise<void> {
    this.retire();
    this.#stopping.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { urls } = this.#options;
    for (let turn = 0; ; turn += 1) {
      const url = urls[turn % urls.length];
      if (url === undefined) throw new Error('expected at least one broker URL, found none');
      const end = await this.#runSession(url);
      if (!(await this.#rest(url, end))) return;
    }
  }

  /** The time between two sessions; resolves to false when there is to be no other. */
  async #rest(url: Secret, { reason, livedMs }: EndOfSession): Promise<boolean> {
    if (this.#retiring.signal.aborted) return false;
    const { log } = this.#options;
    const isRefused = reason instanceof BrokerRefusedError;
    const retryInMs = Math.round(this.#delays.after({ isRefused, livedMs }));
    const facts = { broker: placeOf(url), reason: excerpt(describeError(reason)), retryInMs };
    if (isRefused) log.error('broker refuses us', facts);
    else log.warn(livedMs > 0 ? 'broker session ended' : 'no broker session', facts);
    return wait(retryInMs, this.#retiring.signal);
  }

  /** One session from its beginning to its end; gives what ended it. */
  async #runSession(url: Secret): Promise<EndOfSession> {
    let session: Session;
    try {
      session = new Session(await connect(this.#connectOptions(url), this.#retiring.signal));
    } catch (reason) {
      return { reason, livedMs: 0 };
    }
    const stop = (): void => session.fail(new Error('stopping'));
    this.#stopping.signal.addEventListener('abort', stop, { once: true });
    if (this.#stopping.signal.aborted) stop();
    try {
      return await this.#live(session, url);
    } finally {
      this.#stopping.signal.removeEventListener('abort', stop);
      if (this.#stopping.signal.aborted) await session.close(GOODBYE_MS);
      session.destroy();
    }
  }

  async #live(session: Session, url: Secret): Promise<EndOfSession> {
    const { setUp, connectTimeoutMs, probeIntervalMs, onUp, onDown, log } = this.#options;
    const over = reasonOf(session.signal);
    const late = (): Error => new Error(`${placeOf(url)}: expected the set-up within ${connectTimeoutMs} ms`);
    try {
      const ready = withDeadline(setUp(session), connectTimeoutMs, late);
      const probe = await Promise.race([ready, over.then((reason) => Promise.reject(reason))]);
      session.keepProbing(probe, probeIntervalMs);
    } catch (error) {
      session.fail(error);
      return { reason: asRefusal(error, url), livedMs: 0 };
    }
    const upAt = performance.now();
    log.info('broker session up', { broker: placeOf(url) });
    onUp?.();
    const reason = await over;
    if (!this.#stopping.signal.aborted) onDown?.(describeError(reason), session.lastSignOfLifeAt);
    return { reason, livedMs: performance.now() - upAt };
  }

  #connectOptions(url: Secret): ConnectOptions {
    const { caCert, connectionName, heartbeatS, connectTimeoutMs, addresses } = this.#options;
    return { url, caCert, connectionName, heartbeatS, timeoutMs: connectTimeoutMs, addresses };
  }
}

interface ConnectDefaults {
  readonly connectTimeoutMs: number;
  readonly addresses: LastGoodAddresses;
}

interface EndOfSession {
  readonly reason: unknown;
  /** How long it was usable; 0 when it never was. */
  readonly livedMs: number;
}

async function reasonOf(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    const settle = (): void => resolve(signal.reason);
    if (signal.aborted) settle();
    else signal.addEventListener('abort', settle, { once: true });
  });
}

// 403: no permission. 406: it is there with other settings. Neither goes away by asking again soon.
function asRefusal(error: unknown, url: Secret): unknown {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : errorCode(error);
  if (code !== 403 && code !== 406) return error;
  return new BrokerRefusedError(`${placeOf(url)}: ${describeError(error)}`, { cause: error });
}

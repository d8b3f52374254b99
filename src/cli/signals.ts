import { setMaxListeners } from 'node:events';

type SignalHandler = () => void;

/**
 * What signals ask of the process. It is made by the first statement of the program, before the rest is loaded: from then on no signal ends
 * the process but by the role's own will, and one that came early is not lost.
 *
 * The first SIGTERM or SIGINT is `stopping`, the second `killing`, never without the first. SIGUSR1 and SIGUSR2 do nothing: Node would
 * open a debugger's port on the first.
 */
export class Signals {
  readonly #stopping = new AbortController();
  readonly #killing = new AbortController();
  readonly #handlers: ReadonlyMap<NodeJS.Signals, SignalHandler>;
  readonly #came = new Set<NodeJS.Signals>();
  #onHangUp: SignalHandler = () => undefined;
  #stopTimeoutMs: number | undefined;
  #stopTimer: NodeJS.Timeout | undefined;
  #stoppedAtMs = 0;

  constructor() {
    // Every running command listens, and there may be a thousand.
    setMaxListeners(0, this.stopping, this.killing);
    const nothing = (): void => undefined;
    this.#handlers = new Map<NodeJS.Signals, SignalHandler>([
      ['SIGTERM', () => this.#stop('SIGTERM')],
      ['SIGINT', () => this.#stop('SIGINT')],
      ['SIGHUP', () => this.#hangUp()],
      ['SIGUSR1', nothing],
      ['SIGUSR2', nothing],
    ]);
    for (const [name, handler] of this.#handlers) process.on(name, handler);
  }

  /** The first request to stop. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** The second request, or the end of the time that a stop may take. */
  get killing(): AbortSignal {
    return this.#killing.signal;
  }

  /** Bounds a stop: `ms` milliseconds after the first request comes `killing`, as if it were asked for. */
  boundStop(ms: number): void {
    this.#stopTimeoutMs = ms;
    if (this.stopping.aborted) this.#armTimer();
  }

  /** Calls `listener` at each SIGHUP, and now if one came before. Without a listener, SIGHUP does nothing. */
  onHangUp(listener: SignalHandler): void {
    this.#onHangUp = listener;
    if (this.#came.delete('SIGHUP')) listener();
  }

  /** Lets SIGHUP end the process: for roles with a person before them, whose terminal may be closed. */
  endByHangUp(): void {
    this.#restore('SIGHUP');
  }

  /** Lets SIGHUP, SIGINT and SIGTERM end the process at once: for roles that are done in a moment. */
  endAtOnce(): void {
    for (const name of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) this.#restore(name);
  }

  #stop(name: NodeJS.Signals): void {
    this.#came.add(name);
    if (this.stopping.aborted) {
      this.#kill();
      return;
    }
    this.#stoppedAtMs = performance.now();
    this.#stopping.abort();
    this.#armTimer();
  }

  #armTimer(): void {
    if (this.#stopTimeoutMs === undefined || this.killing.aborted) return;
    const goneMs = performance.now() - this.#stoppedAtMs;
    clearTimeout(this.#stopTimer);
    this.#stopTimer = setTimeout(() => this.#kill(), Math.max(0, this.#stopTimeoutMs - goneMs)).unref();
  }

  #kill(): void {
    clearTimeout(this.#stopTimer);
    this.#killing.abort();
  }

  #hangUp(): void {
    this.#came.add('SIGHUP');
    this.#onHangUp();
  }

  /** What came before has waited for this. */
  #restore(name: NodeJS.Signals): void {
    const handler = this.#handlers.get(name);
    if (handler !== undefined) process.off(name, handler);
    if (this.#came.has(name)) process.kill(process.pid, name);
  }
}

import type { ServerClient } from '../queue-client/server-client.ts';
import { wait } from '../wait.ts';
import type { Board, Mode } from './board.ts';
import type { PrivateRabbitMq } from './broker/private-rabbitmq.ts';
import { type Act, MORNING, WITHOUT_BROKER } from './morning.ts';
import type { View } from './view/view.ts';

export interface PlayOptions {
  readonly client: Pick<ServerClient, 'queue' | 'changedAfter'>;
  readonly board: Board;
  readonly view: View;
  readonly lab: string;
  /** The broker in a few words. */
  readonly broker: string;
  /** The broker, when it is ours to stop. */
  readonly node: Pick<PrivateRabbitMq, 'kill'> | undefined;
  readonly mode: () => Mode | undefined;
  readonly signal: AbortSignal;
}

const FRAME_MS = 100;
const PATIENCE_MS = 60_000;
/** What is over quickly is to be seen nevertheless. */
const SHORTEST_ACT_MS = 1_500;

/** Queues the morning's work act by act, and shows what becomes of it, until all of it has ended. @throws what `signal` says */
export async function playMorning(options: PlayOptions): Promise<void> {
  const { board, node, mode } = options;
  const audience = new Audience(options);
  await audience.watchUntil(() => mode() !== undefined, 'the worker to take commands');
  for (const act of MORNING) await playAct(act, audience, options);
  await audience.watchUntil(() => board.isQuiet, 'all commands to end');
  if (node === undefined || mode() !== 'push') return;
  await node.kill();
  audience.caption = WITHOUT_BROKER.caption;
  await audience.watchUntil(() => mode() === 'polling', 'the worker to poll');
  await playAct(WITHOUT_BROKER, audience, options);
  await audience.watchUntil(() => board.isQuiet, 'all commands to end');
}

async function playAct(act: Act, audience: Audience, options: PlayOptions): Promise<void> {
  const { client, board, mode, signal } = options;
  audience.caption = act.caption;
  const ids = await client.queue(act.requests, signal);
  board.queued(ids, act.requests, mode() ?? 'polling');
  const begunAt = performance.now();
  const isOver = (): boolean => {
    const lastedMs = performance.now() - begunAt;
    return lastedMs >= act.watchS * 1000 || (board.isQuiet && lastedMs >= SHORTEST_ACT_MS);
  };
  await audience.watchUntil(isOver, 'the act to end');
}

/** Those who watch: asks the server what has changed, and shows it, ten times a second. */
class Audience {
  caption = 'The worker looks for its broker and its hub.';
  readonly #options: PlayOptions;
  readonly #startedAtMs = Date.now();

  constructor(options: PlayOptions) {
    this.#options = options;
  }

  /** @throws Error naming `what` when it has not come within a minute */
  async watchUntil(isOver: () => boolean, what: string): Promise<void> {
    const { signal } = this.#options;
    const deadline = performance.now() + PATIENCE_MS;
    await this.#look();
    while (!isOver()) {
      if (performance.now() > deadline) throw new Error(`waited a minute in vain for ${what}`);
      await wait(FRAME_MS, signal);
      signal.throwIfAborted();
      await this.#look();
    }
  }

  async #look(): Promise<void> {
    const { client, board, view, signal, lab, broker, mode } = this.#options;
    const { ids: of, seq } = board;
    const changes = of.length === 0 ? [] : await client.changedAfter(seq, { of, waitS: 0 }, signal);
    const ended = board.changed(changes);
    const { caption } = this;
    const scene = {
      lab,
      broker,
      mode: mode(),
      caption,
      startedAtMs: this.#startedAtMs,
      commands: board.commands,
    };
    view.show(scene, ended);
  }
}

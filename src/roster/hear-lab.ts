import type { ConsumeMessage } from 'amqplib';
import type { RelayAnnouncement, WorkerAnnouncement } from '../broker/announcement.ts';
import { decodeAsk, decodeRelay, decodeWorker } from '../broker/announcement-message.ts';
import {
  askKey,
  listenerQueue,
  relayKey,
  resultKey,
  RESULTS_EXCHANGE,
  workerKey,
  WORKERS_EXCHANGE,
} from '../broker/names.ts';
import { decodeResult, type Result } from '../broker/result-message.ts';
import type { Session } from '../broker/session.ts';
import { describeError } from '../errors.ts';
import type { Logger } from '../logger.ts';

/** What becomes of what is said in a lab; what nobody wants is not even sent here. */
export interface LabListeners {
  readonly onWorker?: (announcement: WorkerAnnouncement) => void;
  readonly onRelay?: (announcement: RelayAnnouncement) => void;
  /** Is given the token of the question: the announcement that answers it names it. */
  readonly onAsk?: (token: string) => void;
  readonly onResult?: (result: Result) => void;
}

/**
 * Listens, for as long as `session` lives, to what the workers and relays of `lab` announce and to what becomes of commands, in a
 * queue that is ours alone and goes with the session. What cannot be read is logged and skipped.
 */
export async function hearLab(
  session: Session,
  { lab, listeners, log }: { readonly lab: string; readonly listeners: LabListeners; readonly log: Logger },
): Promise<void> {
  const channel = await session.openChannel();
  const { queue } = await channel.assertQueue(listenerQueue(lab), {
    exclusive: true,
    autoDelete: true,
    durable: false,
  });
  const readers = readersOf(lab, listeners);
  for (const { exchange, key } of readers) await channel.bindQueue(queue, exchange, key);
  const hear = (message: ConsumeMessage | null): void => {
    if (message === null) {
      session.fail(new Error('the broker ended our listening to the lab'));
      return;
    }
    const { routingKey } = message.fields;
    let tell: (() => void) | undefined;
    try {
      tell = readers.find(({ key }) => key === routingKey)?.read(message.content);
    } catch (error) {
      log.warn('message about the lab is unreadable', { key: routingKey, reason: describeError(error) });
    }
    tell?.();
  };
  await channel.consume(queue, hear, { noAck: true, exclusive: true });
}

interface Reader {
  readonly exchange: string;
  readonly key: string;
  /** Gives what is to be done about a message. Throws when it cannot be read. */
  readonly read: (content: Buffer) => () => void;
}

function readersOf(lab: string, { onWorker, onRelay, onAsk, onResult }: LabListeners): readonly Reader[] {
  const readers: Reader[] = [];
  function add<T>(
    exchange: string,
    key: string,
    decode: (content: Buffer) => T,
    on?: (value: T) => void,
  ): void {
    if (on === undefined) return;
    const read = (content: Buffer): (() => void) => {
      const value = decode(content);
      return () => on(value);
    };
    readers.push({ exchange, key, read });
  }
  add(WORKERS_EXCHANGE, workerKey(lab), decodeWorker, onWorker);
  add(WORKERS_EXCHANGE, relayKey(lab), decodeRelay, onRelay);
  add(WORKERS_EXCHANGE, askKey(lab), decodeAsk, onAsk);
  add(RESULTS_EXCHANGE, resultKey(lab), decodeResult, onResult);
  return readers;
}

import type { ConsumeMessage } from 'amqplib';
import { z } from 'zod';
import { deadQueue } from '../broker/names.ts';
import type { OutgoingMessage } from '../broker/outgoing-message.ts';

/**
 * The message as it goes to the lab's dead letters: as it came, with the reason and where it was published in its headers.
 * Published rather than rejected, because what a broker does with a rejected message depends on the broker.
 */
export function deadLetter(
  lab: string,
  { content, fields, properties }: ConsumeMessage,
  reason: string,
): OutgoingMessage {
  return {
    exchange: '',
    routingKey: deadQueue(lab),
    content,
    properties: {
      ...keptProperties.parse(properties),
      headers: {
        ...properties.headers,
        'x-beaker-reason': reason.slice(0, 1_000),
        'x-beaker-exchange': fields.exchange,
        'x-beaker-routing-key': fields.routingKey,
      },
    },
  };
}

const text = z.string().optional().catch(undefined);

// Left behind: what would make the broker refuse or drop the copy (user id, expiration), and the delivery mode: it is kept on disk.
const keptProperties = z.object({
  contentType: text,
  contentEncoding: text,
  type: text,
  messageId: text,
  correlationId: text,
  replyTo: text,
  timestamp: z.number().optional().catch(undefined),
});

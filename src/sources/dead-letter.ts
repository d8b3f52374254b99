import type { ConsumeMessage } from 'amqplib';
import * as z from 'zod';
import { deadQueue } from '../broker/names.ts';
import type { MessageProperties, OutgoingMessage } from '../broker/outgoing-message.ts';

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
      ...kept(properties),
      headers: {
        ...ownHeaders(properties.headers),
        'x-beaker-reason': reason.slice(0, 1_000),
        'x-beaker-exchange': fields.exchange,
        'x-beaker-routing-key': fields.routingKey,
      },
    },
  };
}

// The broker would not take a copy whose headers, with ours, are larger than a frame may be.
const MAX_HEADER_CHARACTERS = 16_384;

function ownHeaders(headers: unknown): object {
  if (typeof headers !== 'object' || headers === null) return {};
  const size = JSON.stringify(headers).length;
  return size <= MAX_HEADER_CHARACTERS ? headers : { 'x-beaker-dropped-header-characters': size };
}

// Left behind: what would make the broker refuse or drop the copy (user id, expiration), and the delivery mode: it is kept on disk.
function kept(properties: unknown): MessageProperties {
  const { timestamp, ...texts } = keptProperties.parse(properties);
  return { ...present(texts), ...(timestamp !== undefined && { timestamp }) };
}

const text = z.string().optional().catch(undefined);

const keptProperties = z.object({
  contentType: text,
  contentEncoding: text,
  type: text,
  messageId: text,
  correlationId: text,
  replyTo: text,
  timestamp: z.number().optional().catch(undefined),
});

function present(texts: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [key, value] of Object.entries(texts)) {
    if (value !== undefined) found[key] = value;
  }
  return found;
}

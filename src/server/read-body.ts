import type { IncomingMessage } from 'node:http';
import { BodyTooLargeError } from './errors.ts';

/**
 * The text of a request's body. What exceeds the limit is read and dropped, so that the answer reaches a client that
 * is still sending.
 * @throws BodyTooLargeError when it is larger than `maxBytes`.
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (size > maxBytes) {
    throw new BodyTooLargeError(`the body has ${size} bytes, expected at most ${maxBytes}: send it in parts`);
  }
  return Buffer.concat(chunks).toString('utf8');
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import { Decoder, type DecodeLimits } from './decode.ts';
import type { XmlRpcMessage } from './message.ts';

// Parsing this much takes one or two milliseconds.
const PIECE_BYTES = 64 * 1024;

/**
 * Reads a document while it arrives, and lets the event loop turn after every 64 KiB, so that a large one holds nobody up.
 * @throws XmlRpcParseError, XmlRpcTooLargeError, and whatever reading `chunks` throws
 */
export async function decodeStream(
  chunks: AsyncIterable<Uint8Array>,
  limits?: DecodeLimits,
): Promise<XmlRpcMessage> {
  const decoder = new Decoder(limits);
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; at += PIECE_BYTES) {
      decoder.write(chunk.subarray(at, at + PIECE_BYTES));
      await nextTurn();
    }
  }
  return decoder.end();
}

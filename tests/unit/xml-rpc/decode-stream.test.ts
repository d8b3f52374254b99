import { describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { decodeStream } from '../../../src/xml-rpc/decode-stream.ts';
import { encodeResponse } from '../../../src/xml-rpc/encode.ts';

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

describe('decoding a stream', () => {
  it('lets the event loop turn while it reads, even when everything comes at once', async () => {
    const commands = Array.from({ length: 2000 }, (_, id) => ({ id, options: 'x'.repeat(1000) }));
    const bytes = Buffer.from(encodeResponse(commands));
    let turns = 0;
    let done = false;
    const count = async (): Promise<void> => {
      for (; !done; turns += 1) await nextTurn();
    };
    const counting = count();
    const message = await decodeStream(inPieces(bytes, bytes.length));
    done = true;
    await counting;
    expect(message).toEqual({ kind: 'response', value: commands });
    expect(turns).toBeGreaterThan(Math.floor(bytes.length / 65_536) - 2);
  });

  it('stops reading a stream that turns out too large', async () => {
    let asked = 0;
    const endless = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from('<methodResponse><params><param><value>');
      for (;;) {
        asked += 1;
        yield await Promise.resolve(Buffer.alloc(1000, 'x'));
      }
    };
    await expect(decodeStream(endless(), { maxBytes: 10_000 })).rejects.toThrow('at most 10000 bytes');
    expect(asked).toBe(10);
  });

  it('fails as the stream fails', async () => {
    const broken = async function* (): AsyncGenerator<Buffer> {
      yield await Promise.resolve(Buffer.from('<methodResponse>'));
      throw new Error('other side closed');
    };
    await expect(decodeStream(broken())).rejects.toThrow('other side closed');
  });
});

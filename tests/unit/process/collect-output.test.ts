import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { collectOutput } from '../../../src/process/collect-output.ts';
import { Secret } from '../../../src/secret.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

async function collected(
  chunks: readonly (readonly [pipe: 0 | 1, bytes: Buffer])[],
  { secret = '', limit = 1000, cutShort = false } = {},
): Promise<string> {
  const pipes = [new PassThrough(), new PassThrough()] as const;
  const output = collectOutput(pipes, { secret: new Secret(secret), limit });
  for (const [pipe, bytes] of chunks) {
    pipes[pipe].write(bytes);
    await waitUntil(() => pipes[pipe].readableLength === 0);
  }
  return output.finish({ cutShort });
}

describe('collectOutput', () => {
  it('joins the pipes in the order of arrival', async () => {
    const chunks = [
      [0, Buffer.from('one ')],
      [1, Buffer.from('two ')],
      [0, Buffer.from('three')],
    ] as const;
    expect(await collected(chunks)).toBe('one two three');
  });

  it('puts a character together though the other pipe speaks in between', async () => {
    const euro = Buffer.from('€');
    const chunks = [
      [0, euro.subarray(0, 2)],
      [1, Buffer.from('!')],
      [0, euro.subarray(2)],
    ] as const;
    expect(await collected(chunks)).toBe('!€');
  });

  it('masks a secret though the other pipe speaks in between', async () => {
    const chunks = [
      [0, Buffer.from('hun')],
      [1, Buffer.from('!')],
      [0, Buffer.from('ter2')],
    ] as const;
    expect(await collected(chunks, { secret: 'hunter2' })).toBe('!********');
  });

  it('lets no character of a secret through, wherever text and chunks are cut', async () => {
    const text = fc.array(
      fc.oneof(fc.string({ unit: fc.constantFrom('x', 'é', '\n') }), fc.constant('SECRET')),
    );
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 30 }),
        async (parts, size, limit) => {
          const bytes = Buffer.from(parts.join(''));
          const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => {
            return [0, bytes.subarray(index * size, (index + 1) * size)] as const;
          });
          expect(await collected(chunks, { secret: 'SECRET', limit })).not.toMatch(/[SECRT]/);
        },
      ),
    );
  });

  it('lets no beginning of a secret through when the text is cut short', async () => {
    expect(await collected([[1, Buffer.from('password SEC')]], { secret: 'SECRET', cutShort: true })).toBe(
      'password ********',
    );
  });
});

import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { collectOutput } from '../../../src/process/collect-output.ts';
import { Secret } from '../../../src/secret.ts';

/** What is collected of a pipe that holds these chunks, one a read, and is closed then. */
async function collected(
  chunks: readonly Uint8Array[],
  { secret = '', limit = 1000, cutShort = false } = {},
): Promise<string> {
  const left = [...chunks];
  const output = collectOutput({ read: () => left.shift() }, { secret: new Secret(secret), limit });
  output.hurry();
  await output.closed;
  return output.finish({ cutShort });
}

describe('collectOutput', () => {
  it('joins what it reads', async () => {
    expect(await collected(['one ', 'two ', 'three'].map((text) => Buffer.from(text)))).toBe('one two three');
  });

  it('reads again after a while when nothing is there yet', async () => {
    const answers = [Buffer.from('one '), new Uint8Array(0), Buffer.from('two')];
    const output = collectOutput({ read: () => answers.shift() }, { secret: new Secret(''), limit: 100 });
    await output.closed;
    expect(output.finish({ cutShort: false })).toBe('one two');
  });

  it('reads ten times a second from a pipe that has been silent for long, since an unread one blocks who writes', () => {
    jest.useFakeTimers();
    try {
      let reads = 0;
      const read = (): Uint8Array => {
        reads += 1;
        return new Uint8Array(0);
      };
      const output = collectOutput({ read }, { secret: new Secret(''), limit: 100 });
      jest.advanceTimersByTime(60_000);
      reads = 0;
      jest.advanceTimersByTime(1_000);
      expect(reads).toBe(10);
      output.finish({ cutShort: true });
      jest.advanceTimersByTime(1_000);
      expect(reads).toBe(10);
    } finally {
      jest.useRealTimers();
    }
  });

  it('gives what is there when nobody closes the pipe', () => {
    const answers = [Buffer.from('one')];
    const read = (): Uint8Array => answers.shift() ?? new Uint8Array(0);
    const output = collectOutput({ read }, { secret: new Secret(''), limit: 100 });
    output.hurry();
    expect(output.finish({ cutShort: true })).toBe('one');
  });

  it('puts a character together that is cut in two', async () => {
    const euro = Buffer.from('€');
    expect(await collected([euro.subarray(0, 2), euro.subarray(2)])).toBe('€');
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
          const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
            bytes.subarray(index * size, (index + 1) * size),
          );
          expect(await collected(chunks, { secret: 'SECRET', limit })).not.toMatch(/[SECRT]/);
        },
      ),
    );
  });

  it('lets no beginning of a secret through when the text is cut short', async () => {
    expect(await collected([Buffer.from('password SEC')], { secret: 'SECRET', cutShort: true })).toBe(
      'password ********',
    );
  });
});

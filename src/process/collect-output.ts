import type { Readable } from 'node:stream';
import type { Secret } from '../secret.ts';
import { BoundedOutput } from './bounded-output.ts';
import { OutputMasker } from './output-masker.ts';

export interface CollectOptions {
  readonly secret: Secret;
  /** Characters to keep; see `BoundedOutput`. */
  readonly limit: number;
}

/** What comes out of some pipes, joined in the order in which it arrives. */
export interface CollectedOutput {
  /** Closes the pipes, whoever else holds them, and gives the text; `cutShort` when more might have come. */
  finish(options: { cutShort: boolean }): string;
}

/**
 * Reads UTF-8 from `pipes` until `finish`. The secret is masked before anything is cut, and for each pipe on its own:
 * what the other one says in between must not tear the secret, or a character, apart.
 */
export function collectOutput(
  pipes: readonly Readable[],
  { secret, limit }: CollectOptions,
): CollectedOutput {
  const output = new BoundedOutput(limit);
  const readings = pipes.map((pipe) => {
    const masker = new OutputMasker(secret);
    pipe.setEncoding('utf8');
    pipe.on('data', (text: string) => output.append(masker.push(text)));
    // A pipe that breaks has no more to say; how the process ended is told by its exit.
    pipe.on('error', () => undefined);
    return { pipe, masker };
  });
  return {
    finish: ({ cutShort }) => {
      for (const { pipe, masker } of readings) {
        pipe.removeAllListeners('data');
        pipe.destroy();
        output.append(masker.end({ cutShort }));
      }
      return output.toString();
    },
  };
}

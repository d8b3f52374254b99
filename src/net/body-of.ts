import type { IncomingMessage } from 'node:http';
import { describeError } from '../errors.ts';

/** The parts of an answer, which is destroyed when they are not read to the end. @throws Error that says so when the other side breaks off */
export async function* bodyOf(answer: IncomingMessage): AsyncGenerator<Buffer, void> {
  try {
    yield* answer as AsyncIterable<Buffer>;
  } catch (error) {
    // Node says only "aborted".
    if (describeError(error) === 'aborted')
      throw new Error('the other side closed the connection in the middle of its answer');
    throw error;
  }
}

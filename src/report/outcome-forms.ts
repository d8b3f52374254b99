import type { Outcome } from '../command.ts';
import { boundedText } from '../errors.ts';

const PLAIN_LENGTH = 200;

/**
 * The form in which to offer an outcome that the hub has refused: first with a short message in ASCII, which every database can store; then
 * as aborted; that stays as it is. What a form holds says whether it was offered, so that a restart goes on where the last life was.
 */
export function nextForm(outcome: Outcome): Outcome {
  if (outcome.status === 'completed') return ABORTED_COMPLETED;
  const message = plain(outcome.message);
  if (message !== outcome.message) return { ...outcome, message };
  if (outcome.status === 'aborted') return outcome;
  return {
    status: 'aborted',
    message: plain(`The hub refused that the command failed. It failed: ${message}`),
  };
}

const ABORTED_COMPLETED: Outcome = {
  status: 'aborted',
  message: 'The hub refused that the command completed. It did complete.',
};

/** How a command ended whose outcome the hub takes in no form, for those who hear of it in other ways. */
export function forgottenForm(outcome: Outcome, reason: string): Outcome {
  const ended = outcome.message === undefined ? outcome.status : `${outcome.status}: ${outcome.message}`;
  return {
    status: 'aborted',
    message: boundedText(`The hub does not take the outcome (${reason}). It ${ended}`, 1_000),
  };
}

function plain(text: string): string {
  const ascii = text
    .replace(/\s+/g, ' ')
    .replace(/[^ -~]/gu, '?')
    .trim();
  return ascii.length <= PLAIN_LENGTH ? ascii : `${ascii.slice(0, PLAIN_LENGTH - 3)}...`;
}

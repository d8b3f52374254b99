import { CommandFailedError } from '../../errors.ts';
import { readable } from './images/readable-url.ts';

/** The error for a text of the hub's that cannot go into a boot file; `what` names the text, `found` is an excerpt of it. */
export function refused(fqdn: string, what: string, expected: string, found: string): CommandFailedError {
  return new CommandFailedError(
    `${fqdn}: ${what}: expected ${expected}, found ${JSON.stringify(excerpt(readable(found)))}; correct the recipe's or the system's options`,
    { systemBroken: false },
  );
}

function excerpt(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

import { excerpt } from '../excerpt.ts';

/** The hub gave no usable answer; try again later. */
export class HubUnreachableError extends Error {
  override readonly name = 'HubUnreachableError';
  /** False only when the request surely never left for the hub; otherwise the hub may have done what it was asked. */
  readonly mayHaveActed: boolean;

  constructor(message: string, { mayHaveActed, cause }: { mayHaveActed: boolean; cause?: unknown }) {
    super(message, { cause });
    this.mayHaveActed = mayHaveActed;
  }
}

/** The hub does not accept who we are; somebody must change the configuration or the account, so try again slowly. */
export class HubLoginError extends Error {
  override readonly name = 'HubLoginError';
}

/** The hub understood the call and refused it; asked again, it would refuse again. */
export class HubFaultError extends Error {
  override readonly name: string = 'HubFaultError';
  readonly code: number;
  /** What the hub said, without secrets of ours, and cut to a sane length. */
  readonly text: string;

  constructor(method: string, { code, text }: { code: number; text: string }) {
    const start = excerpt(text, 1000);
    super(`the hub refused ${method}: ${start}`);
    this.code = code;
    this.text = start;
  }
}

/** The command that was to be claimed is no longer queued: somebody else has it, or had it. */
export class CommandAlreadyRunError extends HubFaultError {
  override readonly name = 'CommandAlreadyRunError';
}

/** The command whose end was reported is not running: the hub knows of its end already. */
export class CommandNotRunningError extends HubFaultError {
  override readonly name = 'CommandNotRunningError';
}

/** The session is missing or over; a login mends it. */
export class SessionExpiredError extends HubFaultError {
  override readonly name = 'SessionExpiredError';
}

/**
 * The error that a fault stands for. All faults of a Beaker server have code 1 and differ by their text alone, before which the server
 * puts the class of its exception in one form or another.
 */
export function faultError(method: string, fault: { code: number; text: string }): HubFaultError {
  if (/\bAnonymous access denied\b/.test(fault.text)) return new SessionExpiredError(method, fault);
  if (/\bCommand \d+ already run\b/.test(fault.text)) return new CommandAlreadyRunError(method, fault);
  if (/\bCommand \d+ not running\b/.test(fault.text)) return new CommandNotRunningError(method, fault);
  return new HubFaultError(method, fault);
}

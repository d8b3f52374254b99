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

/** The system belongs to another lab by now, so that this one can say nothing about its commands any more. */
export class WrongLabError extends HubFaultError {
  override readonly name = 'WrongLabError';
}

/** The hub has no such command, or its system is deleted. */
export class CommandGoneError extends HubFaultError {
  override readonly name = 'CommandGoneError';
}

/** The hub has trouble with its own database, which says nothing about the call: it may be repeated for as long as that lasts. */
export class HubTroubleError extends HubFaultError {
  override readonly name = 'HubTroubleError';
}

/**
 * A hub answers every trouble of its own with a fault, also trouble that this program does not know by its text: so a fault is final only
 * when it comes so often in a row; with the backoff of claims and outcomes, for about half a minute.
 */
export const FAULTS_UNTIL_FINAL = 8;

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
  if (/\bin wrong lab\b/.test(fault.text)) return new WrongLabError(method, fault);
  if (GONE.test(fault.text)) return new CommandGoneError(method, fault);
  if (TROUBLE.test(fault.text) && !REFUSED_VALUE.test(fault.text)) return new HubTroubleError(method, fault);
  return new HubFaultError(method, fault);
}

/** Of a Beaker server, and of ours. */
const GONE = /'NoneType' object has no attribute 'system'|\blab \S+ has no command \d+/;

/** How Beaker's database layer and ours speak of what is no fault of the call: deadlocks, lost connections, a full or read-only disk. */
const TROUBLE =
  /\b(?:OperationalError|InternalError|InterfaceError|StaleCommandStatus\w*|QueuePool limit|database or disk is full|disk I\/O error|readonly database)\b/;

/** MySQL's numbers for a value that a column cannot hold, which it counts among its operational errors. */
const REFUSED_VALUE = /\((?:1264|1265|1366|1406), /;

import type { Command } from '../command.ts';
import type { Reply } from '../delivery.ts';

/** How a claim went; `undecided` may be asked again. */
export type Claim = 'won' | 'lost' | 'undecided' | { readonly refused: string };

/** What is known of a command besides the command when the hub is asked for it. */
export interface Arrival {
  /** On the queue's clock. */
  readonly receivedAt: number;
  /** Where its senders want their answers. */
  readonly replies: readonly Reply[];
  /** How often the hub has been asked, from 1. */
  readonly attempt: number;
}

/** What the queue calls when a command's turn has come. Were one to reject, the process would end: nobody knows then what holds. */
export interface CommandHandlers {
  /** Asks the hub for the command. */
  claim(command: Command, arrival: Arrival): Promise<Claim>;
  /** Runs a claimed command to its end; `interrupted` when a stop cut it short, so that there is nothing to report. */
  run(command: Command): Promise<'ended' | 'interrupted'>;
  /** Tells the hub how it ended. The command's lanes stay closed until this resolves. */
  report(command: Command): Promise<void>;
  /** Another message for a command that is claimed already wants its answer there. */
  alsoReplyTo(id: number, reply: Reply): void;
}

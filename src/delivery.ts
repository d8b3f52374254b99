/** Where the sender of a command wants its answer. */
export interface Reply {
  readonly replyTo: string;
  readonly correlationId: string | undefined;
}

/** A message that brought a command. It is settled once, by whichever of these is called first; the others then do nothing. */
export interface Delivery {
  readonly reply: Reply | undefined;
  /** The message has served: the claim is decided, won or lost, or the hub's list stands in for the message. */
  acknowledge(): void;
  /** The command was not claimed and will not be here: somebody else may have the message. */
  giveBack(): void;
  /** The message must not come again, for this reason. Resolves when it is settled, or will be. */
  reject(reason: string): Promise<void>;
}

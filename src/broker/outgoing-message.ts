/** A message to be published; persistent, unless it says otherwise. */
export interface OutgoingMessage {
  /** '' is the default exchange, whose routing keys are names of queues. */
  readonly exchange: string;
  readonly routingKey: string;
  readonly content: Buffer;
  readonly properties: MessageProperties;
}

export interface MessageProperties {
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly type?: string | undefined;
  readonly messageId?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly replyTo?: string | undefined;
  readonly timestamp?: number | undefined;
  readonly persistent?: boolean;
  readonly headers?: Readonly<Record<string, unknown>>;
}

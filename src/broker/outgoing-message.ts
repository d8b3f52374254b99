/** A message to be published; persistent, unless it says otherwise. */
export interface OutgoingMessage {
  /** '' is the default exchange, whose routing keys are names of queues. */
  readonly exchange: string;
  readonly routingKey: string;
  readonly content: Buffer;
  readonly properties: MessageProperties;
}

export interface MessageProperties {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly type?: string;
  readonly messageId?: string;
  readonly correlationId?: string;
  readonly replyTo?: string;
  readonly timestamp?: number;
  readonly persistent?: boolean;
  /** Milliseconds after which the broker may drop it, as text. */
  readonly expiration?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
}

/** Text that is not the XML-RPC it should be; the message says where, what was expected and what was found. */
export class XmlRpcParseError extends Error {
  override readonly name = 'XmlRpcParseError';
}

/** An answer or a request that is larger than the reader allows. */
export class XmlRpcTooLargeError extends Error {
  override readonly name = 'XmlRpcTooLargeError';

  constructor(limitBytes: number) {
    super(`expected at most ${limitBytes} bytes of XML-RPC, found more`);
  }
}

import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { decode } from '../../../src/xml-rpc/decode.ts';
import { encodeFault, encodeResponse } from '../../../src/xml-rpc/encode.ts';
import type { XmlRpcCall } from '../../../src/xml-rpc/message.ts';
import type { XmlRpcInput } from '../../../src/xml-rpc/value.ts';

/** Answers by returning a value, faults by throwing an Error, or writes to the response itself and returns `HANDLED`. */
export type Script = (
  call: XmlRpcCall,
  http: { request: IncomingMessage; response: ServerResponse },
) => XmlRpcInput | typeof HANDLED;

export const HANDLED = Symbol('handled');

export interface ScriptedHub {
  readonly port: number;
  readonly url: string;
  readonly calls: readonly XmlRpcCall[];
  /** TCP connections accepted so far. */
  readonly connections: number;
  close(): Promise<void>;
}

/** A hub on loopback that does what its script says; over TLS when given a certificate. */
export async function startScriptedHub(
  script: Script,
  tls?: { key: string; cert: string },
): Promise<ScriptedHub> {
  const calls: XmlRpcCall[] = [];
  let connections = 0;
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const call = decode(Buffer.concat(await request.toArray()));
    if (call.kind !== 'call') throw new Error('expected a call');
    calls.push(call);
    answer(script, call, { request, response });
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    serve(request, response).catch(() => response.destroy());
  };
  const server = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener);
  server.on('connection', () => (connections += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    calls,
    get connections() {
      return connections;
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function answer(
  script: Script,
  call: XmlRpcCall,
  http: { request: IncomingMessage; response: ServerResponse },
): void {
  let body: string;
  try {
    const value = script(call, http);
    if (value === HANDLED) return;
    body = encodeResponse(value);
  } catch (error) {
    body = encodeFault(1, error instanceof Error ? error.message : String(error));
  }
  http.response.setHeader('content-type', 'text/xml').end(body);
}

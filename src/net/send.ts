import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { errorCode } from '../errors.ts';

export interface SendOptions {
  readonly body: string | undefined;
  /** Whether the socket speaks TLS, so that it is usable only after a handshake. */
  readonly isSecure: boolean;
  /** For the connection: name, proxy and TLS included. */
  readonly connectMs: number;
  /** From the request to the head of the answer; no limit unless given. */
  readonly firstByteMs: number | undefined;
  readonly signal: AbortSignal;
  /** Called with true when a connection takes the request, and with false when it turns out that the connection took none of it. */
  readonly onSent: (isSent: boolean) => void;
  readonly onConnected: () => void;
}

/** A connection that was kept alive turned out to be closed, and has taken nothing of the request: another one may. */
export class StaleConnectionError extends Error {
  override readonly name = 'StaleConnectionError';
}

/**
 * Sends the request and gives its answer, whose body is still to be read. The signal ends the answer too.
 * @throws StaleConnectionError, an Error that says what was late, that of the socket, or the reason of `signal`
 */
export function send(request: ClientRequest, options: SendOptions): Promise<IncomingMessage> {
  const { body, connectMs, firstByteMs, signal } = options;
  return new Promise((resolve, reject) => {
    let answer: IncomingMessage | undefined;
    const fail = (error: Error): void => void (answer ?? request).destroy(error);
    const stop = (): void => fail(signal.reason as Error);
    let timer = setTimeout(() => fail(new Error(`no connection within ${connectMs} ms`)), connectMs);
    watchSending(request, options, () => {
      clearTimeout(timer);
      if (firstByteMs !== undefined)
        timer = setTimeout(() => fail(new Error(`no first byte within ${firstByteMs} ms`)), firstByteMs);
    });
    request.on('response', (response) => {
      answer = response;
      clearTimeout(timer);
      // Who reads it hears of its errors; who has ended it does not want to.
      response.on('error', () => undefined);
      resolve(response);
    });
    // Stays for as long as the request does: an error that no listener hears ends the process.
    request.on('error', (error) => reject(clarified(error, request)));
    request.on('close', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      reject(new Error('the connection was closed without an answer'));
    });
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    else request.end(body);
  });
}

/** Calls `onSent`, and `begin` with it, when a connection takes the request. */
function watchSending(request: ClientRequest, options: SendOptions, begin: () => void): void {
  const { isSecure, onSent, onConnected } = options;
  request.once('error', (error) => {
    if (isRefusedWrite(error)) onSent(false);
  });
  request.once('socket', (socket: Socket) => {
    if (request.reusedSocket) {
      if (isClosed(socket)) return void request.destroy(new StaleConnectionError());
      onSent(true);
      return begin();
    }
    socket.once(isSecure ? 'secureConnect' : 'connect', () => {
      if (request.destroyed) return;
      onConnected();
      onSent(true);
      begin();
    });
  });
}

/** Whether the server has closed it already. */
function isClosed(socket: Socket): boolean {
  return socket.destroyed || socket.readableEnded || !socket.writable;
}

/** Whether the machine itself refused to send: not all of the request has left it, and of a part a server makes nothing. */
function isRefusedWrite(error: Error): boolean {
  return 'syscall' in error && error.syscall === 'write';
}

function clarified(error: Error, request: ClientRequest): Error {
  if (request.reusedSocket && isRefusedWrite(error)) return new StaleConnectionError(error.message);
  // Node says only "socket hang up".
  if (errorCode(error) === 'ECONNRESET' && !isSystemError(error))
    return new Error('the other side closed the connection before its answer', { cause: error });
  return error;
}

function isSystemError(error: Error): boolean {
  return 'syscall' in error;
}

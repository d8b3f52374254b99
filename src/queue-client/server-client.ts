import { createSecureContext } from 'node:tls';
import * as z from 'zod';
import { describeError } from '../errors.ts';
import { excerpt } from '../excerpt.ts';
import { HttpClient } from '../net/http-client.ts';
import type { Secret } from '../secret.ts';

/** Where the server is, and who asks. */
export interface ServerAccess {
  readonly url: string;
  readonly user: string;
  readonly password: Secret;
}

/** A command to queue. */
export interface QueueRequest {
  readonly fqdn: string;
  readonly action: string;
  /** Seconds to wait before it may run. */
  readonly delay?: number;
  /** What differs from the system's own power settings. */
  readonly power?: Readonly<Record<string, string>>;
  /** What `configure_netboot` boots. */
  readonly netboot?: Readonly<Record<string, string>>;
}

/** A server that cannot be reached, or that refuses; the message says what it said. */
class ServerRequestError extends Error {
  override readonly name = 'ServerRequestError';
}

const queuedCommand = z.object({
  id: z.number(),
  seq: z.number(),
  fqdn: z.string(),
  action: z.string(),
  status: z.enum(['Queued', 'Running', 'Completed', 'Failed', 'Aborted']),
  message: z.string().nullable(),
  queued_at: z.string(),
  started_at: z.string().nullable(),
  finished_at: z.string().nullable(),
});
/** A command as the server shows it. */
export type QueuedCommand = z.output<typeof queuedCommand>;

const ids = z.object({ ids: z.array(z.number()) });
const commands = z.object({ commands: z.array(queuedCommand) });
const refusal = z.object({ error: z.string() });

const CONNECT_MS = 10_000;
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

/** The part of the server's JSON API that queues commands and follows them. Every method throws ServerRequestError. */
export class ServerClient {
  readonly #access: ServerAccess;
  readonly #client = new HttpClient({
    connectMs: CONNECT_MS,
    trust: { secureContext: createSecureContext(), rejectUnauthorized: true },
    proxyFor: () => undefined,
  });

  constructor(access: ServerAccess) {
    this.#access = access;
  }

  /** Queues the commands in their order, or none of them; gives their ids. */
  async queue(requests: readonly QueueRequest[], signal: AbortSignal): Promise<readonly number[]> {
    const answer = await this.#ask('/api/commands', ids, signal, JSON.stringify(requests));
    return answer.ids;
  }

  /** Those of the commands that changed after change number `seq`; waits up to `waitS` seconds for one that does. */
  async changedAfter(
    seq: number,
    { of, waitS }: { of: readonly number[]; waitS: number },
    signal: AbortSignal,
  ): Promise<readonly QueuedCommand[]> {
    const query = new URLSearchParams({ ids: of.join(','), changed_after: `${seq}`, wait: `${waitS}` });
    const answer = await this.#ask(`/api/commands?${query.toString()}`, commands, signal);
    return answer.commands;
  }

  async #ask<S extends z.ZodType>(
    path: string,
    schema: S,
    signal: AbortSignal,
    posted?: string,
  ): Promise<z.output<S>> {
    const { status, body } = await this.#send(path, signal, posted);
    if (status >= 400) {
      const said = refusal.safeParse(body);
      const text = said.success ? said.data.error : `HTTP status ${status}`;
      throw new ServerRequestError(`the server at ${this.#access.url} refused: ${excerpt(text)}`);
    }
    const parsed = schema.safeParse(body);
    if (parsed.success) return parsed.data;
    throw new ServerRequestError(
      `expected a beaker-provision server at ${this.#access.url}, found something else`,
    );
  }

  async #send(
    path: string,
    signal: AbortSignal,
    posted: string | undefined,
  ): Promise<{ status: number; body: unknown }> {
    const { url } = this.#access;
    try {
      const response = await this.#client.request(new URL(url.replace(/\/+$/, '') + path), {
        headers: this.#headers(),
        signal,
        ...(posted !== undefined && { method: 'POST', body: posted }),
      });
      return { status: response.statusCode ?? 0, body: parseJson(await textOf(response)) };
    } catch (error) {
      if (signal.aborted) throw this.#stopped(posted);
      throw new ServerRequestError(`cannot reach the server at ${url}: ${excerpt(describeError(error))}`, {
        cause: error,
      });
    }
  }

  #stopped(posted: string | undefined): ServerRequestError {
    const doubt = posted === undefined ? '' : '; the commands may be queued or not';
    return new ServerRequestError(`stopped before the server at ${this.#access.url} answered${doubt}`);
  }

  #headers(): Record<string, string> {
    const { user, password } = this.#access;
    const credentials = Buffer.from(`${user}:${password.reveal()}`).toString('base64');
    return { authorization: `Basic ${credentials}`, 'content-type': 'application/json' };
  }
}

async function textOf(response: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response) {
    bytes += part.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`expected at most ${MAX_ANSWER_BYTES} bytes, found more`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

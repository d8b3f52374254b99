import * as z from 'zod';
import { describeError } from '../errors.ts';
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

/** The part of the server's JSON API that queues commands and follows them. Every method throws ServerRequestError. */
export class ServerClient {
  readonly #access: ServerAccess;

  constructor(access: ServerAccess) {
    this.#access = access;
  }

  /** Queues the commands in their order, or none of them; gives their ids. */
  async queue(requests: readonly QueueRequest[], signal: AbortSignal): Promise<readonly number[]> {
    const init = { method: 'POST', body: JSON.stringify(requests) };
    const answer = await this.#ask('/api/commands', ids, signal, init);
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
    init: RequestInit = {},
  ): Promise<z.output<S>> {
    const { status, body } = await this.#send(path, { ...init, signal, headers: this.#headers() });
    if (status >= 400) {
      const said = refusal.safeParse(body);
      const text = said.success ? said.data.error : `HTTP status ${status}`;
      throw new ServerRequestError(`the server at ${this.#access.url} refused: ${text}`);
    }
    const parsed = schema.safeParse(body);
    if (parsed.success) return parsed.data;
    throw new ServerRequestError(
      `expected a beaker-provision server at ${this.#access.url}, found something else`,
    );
  }

  async #send(path: string, init: RequestInit): Promise<{ status: number; body: unknown }> {
    try {
      const response = await fetch(this.#access.url.replace(/\/+$/, '') + path, init);
      const text = await response.text();
      return { status: response.status, body: parseJson(text) };
    } catch (error) {
      throw new ServerRequestError(
        `cannot reach the server at ${this.#access.url}: ${describeError(error)}`,
        {
          cause: error,
        },
      );
    }
  }

  #headers(): Record<string, string> {
    const { user, password } = this.#access;
    const credentials = Buffer.from(`${user}:${password.reveal()}`).toString('base64');
    return { authorization: `Basic ${credentials}`, 'content-type': 'application/json' };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import type { Logger } from '../logger.ts';
import { encodeCall } from '../xml-rpc/encode.ts';
import type { XmlRpcInput, XmlRpcValue } from '../xml-rpc/value.ts';
import { abortable } from './abortable.ts';
import { authCookie } from './auth-cookie.ts';
import {
  faultError,
  HubFaultError,
  HubLoginError,
  HubUnreachableError,
  SessionExpiredError,
} from './hub-errors.ts';
import type { HttpTransport } from './http-transport.ts';
import { loginCall, maskLogin, type Login, type LoginCall } from './login.ts';

export interface SessionOptions {
  readonly transport: Pick<HttpTransport, 'post'>;
  readonly login: Login;
  /** How long no login is tried after one was refused. */
  readonly loginRetryMs: number;
  readonly log?: Logger | undefined;
}

interface Call {
  readonly method: string;
  readonly params: readonly XmlRpcInput[];
  readonly signal: AbortSignal | undefined;
}

/** What a login opened. Its cookie is renewed by every answer; answers to older sessions cannot touch a newer one. */
interface OpenSession {
  cookie: string | undefined;
}

/**
 * Calls to the hub under one login, which is made before the first call and again when the hub has forgotten it: once, however many
 * calls find out at the same time. A refused login is not repeated before `loginRetryMs` are over; until then all calls fail alike.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #loginCall: LoginCall | undefined;
  #open: OpenSession | undefined;
  #opening: Promise<OpenSession> | undefined;
  #refusal: { readonly error: HubLoginError; readonly untilMs: number } | undefined;

  /** @throws ConfigError for a way to log in that is not supported */
  constructor(options: SessionOptions) {
    this.#options = options;
    this.#loginCall = loginCall(options.login);
  }

  /**
   * What the hub answers.
   * @throws HubFaultError and its kinds, HubLoginError, HubUnreachableError, or the reason of `signal` when that is aborted
   */
  async call(method: string, params: readonly XmlRpcInput[], signal?: AbortSignal): Promise<XmlRpcValue> {
    const call = { method, params, signal };
    const session = await this.#current(signal);
    try {
      return await this.#send(call, session);
    } catch (error) {
      if (!(error instanceof SessionExpiredError)) throw error;
      if (this.#open === session) this.#open = undefined;
    }
    return this.#sendAgain(call);
  }

  async #sendAgain(call: Call): Promise<XmlRpcValue> {
    if (this.#loginCall === undefined) {
      throw new HubLoginError(
        'the hub demands a login, and AUTH_METHOD is none; set it to password or oauth2',
      );
    }
    const session = await this.#current(call.signal);
    try {
      return await this.#send(call, session);
    } catch (error) {
      if (!(error instanceof SessionExpiredError)) throw error;
      if (this.#open === session) this.#open = undefined;
      throw this.#refuse('the hub accepted the login and forgot it at once', error);
    }
  }

  async #current(signal: AbortSignal | undefined): Promise<OpenSession> {
    if (this.#open !== undefined) return this.#open;
    // Shared by all who wait, so that no single one of them may abort it.
    this.#opening ??= this.#logIn().finally(() => (this.#opening = undefined));
    return abortable(this.#opening, signal);
  }

  async #logIn(): Promise<OpenSession> {
    const session: OpenSession = { cookie: undefined };
    if (this.#loginCall !== undefined) {
      if (this.#refusal !== undefined && performance.now() < this.#refusal.untilMs) throw this.#refusal.error;
      await this.#sendLogin(this.#loginCall, session);
      this.#options.log?.info('logged in to the hub', { method: this.#loginCall.method });
    }
    this.#refusal = undefined;
    this.#open = session;
    return session;
  }

  async #sendLogin(call: LoginCall, session: OpenSession): Promise<void> {
    try {
      await this.#send({ ...call, signal: undefined }, session);
    } catch (error) {
      if (error instanceof HubFaultError) throw this.#refuse('the hub refused the login', error);
      if (!(error instanceof HubUnreachableError)) throw error;
      // Whatever the login did, the call that waits for it has not been sent.
      throw new HubUnreachableError(error.message, { mayHaveActed: false, cause: error.cause });
    }
  }

  #refuse(what: string, fault: HubFaultError): HubLoginError {
    const { login, loginRetryMs, log } = this.#options;
    const error = new HubLoginError(`${what} (AUTH_METHOD ${login.method}): ${fault.text}`);
    this.#refusal = { error, untilMs: performance.now() + loginRetryMs };
    log?.error('login refused', { reason: error.message, retryMs: loginRetryMs });
    return error;
  }

  async #send({ method, params, signal }: Call, session: OpenSession): Promise<XmlRpcValue> {
    const { transport, login } = this.#options;
    const { cookie } = session;
    const { message, setCookie } = await transport.post(encodeCall(method, params), { cookie, signal });
    const renewed = authCookie(setCookie);
    if (renewed !== undefined) session.cookie = renewed ?? undefined;
    if (message.kind === 'response') return message.value;
    throw faultError(method, { code: message.code, text: maskLogin(login, message.text) });
  }
}

import { ACCOUNT } from './account.ts';
import { startRole, type RoleProcess } from './role-process.ts';
import type { AtEnd } from './with-cleanup.ts';

export interface RelayOptions {
  readonly hubUrl: string;
  readonly amqpUrl: string;
  /** Resolves when it has looked at the hub. */
  readonly hasLooked: () => Promise<void>;
}

/** Starts `beaker-provision relay` with the settings that it has unless told otherwise; resolves when it leads. */
export function startRelay(options: RelayOptions, atEnd: AtEnd): Promise<RoleProcess> {
  const { hubUrl, amqpUrl, hasLooked } = options;
  const env = {
    BEAKER_HUB_URL: hubUrl,
    BEAKER_USERNAME: ACCOUNT.user,
    BEAKER_PASSWORD: ACCOUNT.password,
    BEAKER_AMQP_URL: amqpUrl,
  };
  return startRole({ role: 'relay', env, works: hasLooked }, atEnd);
}

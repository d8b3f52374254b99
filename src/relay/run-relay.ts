import { Publisher } from '../broker/publisher.ts';
import { topologyOfLabs } from '../broker/topology.ts';
import type { Config } from '../config/config.ts';
import { hubFrom, hubProxy } from '../hub-from.ts';
import type { HubClient } from '../hub/hub-client.ts';
import { labOf } from '../hub/lab-of.ts';
import type { Logger } from '../logger.ts';
import { aborted } from '../wait.ts';
import { RelayForLab } from './relay-for-lab.ts';

export interface RunRelayOptions {
  readonly config: Config;
  /** The process's environment, which names proxies. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stopping: AbortSignal;
  readonly log: Logger;
}

/** A leader that has frozen is replaced when the broker has missed its heartbeats: so these come often. */
const HEARTBEAT_S = 5;

/**
 * Publishes what is ready to run in one lab or several, until `stopping`.
 * @throws ConfigError when it cannot start as it is configured. A hub or broker that is away is waited for.
 */
export async function runRelay(options: RunRelayOptions): Promise<void> {
  const { config, environment, stopping, log } = options;
  const hubs = hubsOf(options);
  const labs = [...hubs.keys()];
  const broker = {
    urls: config.amqpUrls,
    caCert: config.amqpCaCert,
    heartbeatS: Math.min(HEARTBEAT_S, config.amqpHeartbeatS),
    probeIntervalMs: config.amqpFallbackDelayS * 1000,
  };
  log.info('relay starts', { labs, hub: config.hubUrl, hubProxy: hubProxy(config, environment) });
  const publisher = new Publisher({
    ...broker,
    connectionName: `beaker-provision relay ${labs.join(' ')} publishing`,
    topology: config.amqpTopology,
    // With the queues in place before any worker is, nothing that is published gets lost.
    needs: topologyOfLabs(labs, config.amqpQueueType),
    log,
  });
  const intervalMs = config.relayIntervalS * 1000;
  const relays = [...hubs].map(
    ([lab, hub]) => new RelayForLab({ ...broker, lab, hub, publisher, intervalMs, log: log.child({ lab }) }),
  );
  await aborted(stopping);
  await Promise.all(relays.map((relay) => relay.stop()));
  await publisher.stop();
  await Promise.all([...hubs.values()].map((hub) => hub.close()));
  log.info('relay stopped');
}

/** A login for each lab: those of RELAY_LABS, else the one that the lab's worker has. */
function hubsOf({ config, environment, log }: RunRelayOptions): ReadonlyMap<string, HubClient> {
  if (config.relayLabs.size === 0) return new Map([[config.lab, hubFrom(config, environment, log)]]);
  // PROXY_USER belongs to USERNAME.
  const account = { authMethod: 'password', proxyUser: undefined } as const;
  const hubs = [...config.relayLabs].map(([username, password]): [string, HubClient] => [
    labOf(username),
    hubFrom({ ...config, ...account, username, password }, environment, log),
  ]);
  return new Map(hubs);
}

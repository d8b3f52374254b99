import { Publisher } from '../broker/publisher.ts';
import { topologyOfLabs } from '../broker/topology.ts';
import type { Config } from '../config/config.ts';
import { hubFrom } from '../hub-from.ts';
import type { HubClient } from '../hub/hub-client.ts';
import { labOf } from '../hub/lab-of.ts';
import type { Logger } from '../logger.ts';
import { aborted } from '../wait.ts';
import { RelayForLab } from './relay-for-lab.ts';

export interface RunRelayOptions {
  readonly config: Config;
  readonly stopping: AbortSignal;
  readonly log: Logger;
}

/** A leader that has frozen is replaced when the broker has missed its heartbeats: so these come often. */
const HEARTBEAT_S = 5;

/**
 * Publishes what is ready to run in one lab or several, until `stopping`.
 * @throws ConfigError when it cannot start as it is configured. A hub or broker that is away is waited for.
 */
export async function runRelay({ config, stopping, log }: RunRelayOptions): Promise<void> {
  const hubs = hubsOf(config, log);
  const labs = [...hubs.keys()];
  const broker = {
    urls: config.amqpUrls,
    caCert: config.amqpCaCert,
    heartbeatS: Math.min(HEARTBEAT_S, config.amqpHeartbeatS),
    probeIntervalMs: config.amqpFallbackDelayS * 1000,
  };
  log.info('relay starts', { labs, hub: config.hubUrl });
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
function hubsOf(config: Config, log: Logger): ReadonlyMap<string, HubClient> {
  if (config.relayLabs.size === 0) return new Map([[config.lab, hubFrom(config, log)]]);
  const hubs = [...config.relayLabs].map(([username, password]): [string, HubClient] => [
    labOf(username),
    hubFrom({ ...config, authMethod: 'password', username, password }, log),
  ]);
  return new Map(hubs);
}

import { Publisher } from '../broker/publisher.ts';
import { topologyOfLabs } from '../broker/topology.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../logger.ts';
import { systemClock } from '../queue/clock.ts';
import { aborted } from '../wait.ts';
import { labsOf } from './accounts.ts';
import type { CommandRecord } from './command-record.ts';
import { RecordPublisher } from './record-publisher.ts';
import { type RunningServer, startServer } from './server.ts';

export interface RunServerOptions {
  readonly config: Config;
  readonly stopping: AbortSignal;
  readonly log: Logger;
}

/** Runs the small hub until `stopping`, and, when a broker is configured, publishes there what is ready to run. */
export async function runServer({ config, stopping, log }: RunServerOptions): Promise<void> {
  const { host, port } = config.serverListen;
  const listeners: ((record: CommandRecord) => void)[] = [];
  const server = await startServer({
    listen: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    stateDir: config.stateDir,
    accounts: config.serverAccounts,
    systemsFile: config.serverSystems,
    onChange: (record) => listeners.forEach((listener) => listener(record)),
    log,
  });
  const publishing = config.amqpUrls.length === 0 ? undefined : startPublishing(server, config, log);
  if (publishing !== undefined) listeners.push(publishing.changed);
  await aborted(stopping);
  await publishing?.stop();
  await server.stop();
}

interface Publishing {
  readonly changed: (record: CommandRecord) => void;
  readonly stop: () => Promise<void>;
}

function startPublishing({ store }: RunningServer, config: Config, log: Logger): Publishing {
  const labs = labsOf(config.serverAccounts);
  const publisher = new Publisher({
    urls: config.amqpUrls,
    caCert: config.amqpCaCert,
    heartbeatS: config.amqpHeartbeatS,
    probeIntervalMs: config.amqpFallbackDelayS * 1000,
    connectionName: `beaker-provision server ${labs.join(' ')}`,
    topology: config.amqpTopology,
    // With the queues in place before any worker is, nothing that is published gets lost.
    needs: topologyOfLabs(labs, config.amqpQueueType),
    log,
  });
  const byLab = new Map(
    labs.map((lab) => {
      const options = { lab, publisher, clock: systemClock, log: log.child({ lab }) };
      return [lab, new RecordPublisher(options)];
    }),
  );
  const changed = (record: CommandRecord): void => byLab.get(record.lab)?.changed(record);
  store.queries.unfinished().forEach(changed);
  return {
    changed,
    stop: async () => {
      for (const ready of byLab.values()) ready.stop();
      await publisher.stop();
    },
  };
}

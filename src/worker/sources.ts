import type { Publisher } from '../broker/publisher.ts';
import type { Config } from '../config/config.ts';
import type { HubClient } from '../hub/hub-client.ts';
import type { Logger } from '../logger.ts';
import type { CommandQueue } from '../queue/command-queue.ts';
import { type AmqpSource, startAmqpSource } from '../sources/amqp-source.ts';
import { Failover, type Mode } from '../sources/failover.ts';
import { PollSource } from '../sources/poll-source.ts';
import { InvalidCommands } from './invalid-commands.ts';

export interface SourcesOptions {
  readonly config: Config;
  readonly hub: HubClient;
  readonly queue: Pick<CommandQueue, 'add' | 'isBlocked' | 'forgetUndelivered'>;
  /** Undefined in a lab without a broker, which polls. */
  readonly publisher: Publisher | undefined;
  readonly log: Logger;
}

/** Where a worker's commands come from, in the two steps in which it stops. */
export interface Sources {
  /** Looks at the hub's list at once, whatever the mode. */
  lookNow(): void;
  /** Takes nothing new; what is here can still be settled. */
  pause(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts to fill the queue: pushed commands while the broker is there, polled ones while it is not. Of several workers of a
 * lab only the fallback primary polls.
 */
export function startSources({ config, hub, queue, publisher, log }: SourcesOptions): Sources {
  const invalid = new InvalidCommands({ hub, log });
  const poll = new PollSource({
    hub,
    onCommand: (command) => queue.add(command),
    onInvalid: (id, problem) => invalid.refuse(id, problem),
    log,
  });
  const lookNow = (): void => poll.lookNow();
  const sleepMs = config.sleepTimeS * 1000;
  if (publisher === undefined) {
    log.info('polling the hub', { everyS: config.sleepTimeS, reason: 'no AMQP_URL is configured' });
    poll.start({ firstMs: 0, everyMs: sleepMs });
    return { lookNow, pause: () => poll.stop(), close: () => invalid.stop() };
  }

  const failover = new Failover({
    fallbackDelayMs: config.amqpFallbackDelayS * 1000,
    log,
    onMode: (mode: Mode) => {
      if (!config.fallbackPrimary) return;
      if (mode === 'polling') {
        poll.start({ firstMs: 0, everyMs: sleepMs });
        return;
      }
      const forgotten = queue.forgetUndelivered();
      if (forgotten > 0) log.info('polled commands forgotten, the broker has them', { count: forgotten });
      // What was never pushed is found a little later, after what is being pushed has arrived.
      poll.start({ firstMs: sleepMs, everyMs: config.reconcileIntervalS * 1000 });
    },
  });
  failover.start();
  const push = startPush({ config, queue, publisher, failover, log });
  return {
    lookNow,
    async pause() {
      failover.stop();
      await Promise.all([poll.stop(), push.pause()]);
    },
    async close() {
      await Promise.all([push.close(), invalid.stop()]);
    },
  };
}

interface PushOptions extends Omit<SourcesOptions, 'hub'> {
  readonly publisher: Publisher;
  readonly failover: Failover;
}

function startPush({ config, queue, publisher, failover, log }: PushOptions): AmqpSource {
  return startAmqpSource({
    urls: config.amqpUrls,
    caCert: config.amqpCaCert,
    heartbeatS: config.amqpHeartbeatS,
    probeIntervalMs: config.amqpFallbackDelayS * 1000,
    lab: config.lab,
    topology: config.amqpTopology,
    queueType: config.amqpQueueType,
    prefetch: config.amqpPrefetch,
    publisher,
    isBlocked: (id) => queue.isBlocked(id),
    onCommand: (command, delivery) => queue.add(command, delivery),
    onUp: () => failover.brokerUp(),
    onDown: (reason, lastSignOfLifeAt) => failover.brokerDown(reason, lastSignOfLifeAt),
    log,
  });
}

import type { Publisher } from '../broker/publisher.ts';
import type { Session } from '../broker/session.ts';
import type { Config } from '../config/config.ts';
import type { HubClient } from '../hub/hub-client.ts';
import type { Logger } from '../logger.ts';
import type { CommandQueue } from '../queue/command-queue.ts';
import type { HubCheck } from '../report/hub-check.ts';
import type { Journal } from '../report/journal.ts';
import type { Roster } from '../roster/roster.ts';
import { type AmqpSource, startAmqpSource } from '../sources/amqp-source.ts';
import { Failover, type Mode } from '../sources/failover.ts';
import { PollSource } from '../sources/poll-source.ts';
import { InvalidCommands } from './invalid-commands.ts';
import { noticeOutOfOrder } from './out-of-order.ts';
import { inSlices, PolledCommands } from './polled-commands.ts';
import { RelayWatch } from './relay-watch.ts';
import { StandIn } from './stand-in.ts';

export interface SourcesOptions {
  readonly config: Config;
  readonly hub: HubClient;
  readonly queue: CommandQueue;
  readonly journal: Pick<Journal, 'entry'>;
  /** Is told what the hub lists, before that is taken. */
  readonly check: Pick<HubCheck, 'listed'>;
  readonly roster: Roster;
  /** Whether this worker was given the command lately. */
  readonly isClaimedHere: (id: number) => boolean;
  /** Makes further use of a session with the broker. */
  readonly hear: (session: Session) => Promise<void>;
  /** The mode, or what is in line, has changed. */
  readonly onChange: () => void;
  /** Undefined in a lab without a broker, which polls. */
  readonly publisher: Publisher | undefined;
  readonly log: Logger;
}

/** Where a worker's commands come from, in the two steps in which it stops. */
export interface Sources {
  /** Looks at the hub's list at once, whatever the mode. */
  lookNow(): void;
  /** Where commands come from just now. */
  mode(): 'starting' | 'push' | 'polling';
  /** Takes nothing new; what is here can still be settled. */
  pause(): Promise<void>;
  close(): Promise<void>;
}

/** Starts to fill the queue: pushed commands while the broker is there, polled ones while it is not. */
export function startSources(options: SourcesOptions): Sources {
  const { publisher } = options;
  return publisher === undefined ? pollOnly(options) : pushAndPoll({ ...options, publisher });
}

function pollOnly({ config, hub, queue, check, log }: SourcesOptions): Sources {
  const invalid = new InvalidCommands({ hub, log });
  const poll = new PollSource({
    hub,
    onCommands: (commands) => {
      check.listed(commands);
      return inSlices(commands, (command) => queue.add(command));
    },
    onInvalid: (id, problem) => invalid.refuse(id, problem),
    log,
  });
  log.info('polling the hub', { everyS: config.sleepTimeS, reason: 'no AMQP_URL is configured' });
  poll.start({ firstMs: 0, everyMs: config.sleepTimeS * 1000 });
  return {
    lookNow: () => poll.lookNow(),
    mode: () => 'polling',
    pause: () => poll.stop(),
    close: () => invalid.stop(),
  };
}

/** Of several workers of a lab only the fallback primary polls; the others look on, and stand in for it. */
function pushAndPoll(options: PushOptions): Sources {
  const { config, hub, queue, roster, check, log, onChange } = options;
  const invalid = new InvalidCommands({ hub, log });
  const standIn = new StandIn({ isClaimedHere: options.isClaimedHere, log });
  const polled = new PolledCommands({
    ...options,
    isRefused: (id) => invalid.isUnderWay(id),
    takes: (queued) => config.fallbackPrimary || standIn.look(queued),
  });
  const poll = new PollSource({
    hub,
    onCommands: (commands, signal) => {
      check.listed(commands);
      return polled.take(commands, signal);
    },
    onInvalid: (id, problem) => {
      if (config.fallbackPrimary) invalid.refuse(id, problem);
    },
    log,
  });
  const paceWithPush = (): number => (relays.areMissed ? config.sleepTimeS : config.reconcileIntervalS);
  const relays = new RelayWatch({
    roster,
    log,
    onChange: () => {
      if (failover.mode === 'push') poll.start({ firstMs: 0, everyMs: paceWithPush() * 1000 });
    },
  });
  const failover = new Failover({
    fallbackDelayMs: config.amqpFallbackDelayS * 1000,
    log,
    onMode: (mode: Mode) => {
      onChange();
      if (mode === 'polling') {
        poll.start({ firstMs: 0, everyMs: config.sleepTimeS * 1000 });
        return;
      }
      standIn.reset();
      const forgotten = queue.forgetUndelivered();
      if (forgotten > 0) log.info('polled commands forgotten, the broker has them', { count: forgotten });
      // What was never pushed is found a little later, after what is being pushed has arrived.
      poll.start({ firstMs: config.sleepTimeS * 1000, everyMs: paceWithPush() * 1000 });
    },
  });
  failover.start();
  const push = startPush(options, failover);
  return {
    lookNow: () => poll.lookNow(),
    mode: () => failover.mode ?? 'starting',
    async pause() {
      relays.stop();
      failover.stop();
      await Promise.all([poll.stop(), push.pause()]);
    },
    async close() {
      await Promise.all([push.close(), invalid.stop()]);
    },
  };
}

interface PushOptions extends SourcesOptions {
  readonly publisher: Publisher;
}

function startPush(options: PushOptions, failover: Failover): AmqpSource {
  const { config, queue, publisher, hear, onChange, log } = options;
  const notice = noticeOutOfOrder(queue, log);
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
    alsoSetUp: hear,
    onCommand: (command, delivery) => {
      queue.add(command, delivery);
      notice(command);
      onChange();
    },
    onUp: () => failover.brokerUp(),
    onDown: (reason, lastSignOfLifeAt) => failover.brokerDown(reason, lastSignOfLifeAt),
    log,
  });
}

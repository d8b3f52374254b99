import { randomUUID } from 'node:crypto';
import { askMessage } from '../broker/announcement-message.ts';
import type { Session } from '../broker/session.ts';
import { Supervisor } from '../broker/supervisor.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../logger.ts';
import { hearLab } from '../roster/hear-lab.ts';
import { Roster } from '../roster/roster.ts';
import { steadyNow } from '../steady-clock.ts';
import { wait } from '../wait.ts';
import { viewOf } from './lab-view.ts';
import { openPicture, type Screen } from './picture.ts';

export interface StatusOptions {
  readonly config: Config;
  /** Print JSON, a line for each picture, instead of a table. */
  readonly json: boolean;
  /** Go on, with a new picture when something changes, until `signal` is aborted. */
  readonly watch: boolean;
  readonly out: Screen;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** How long everybody has to answer. */
const HEAR_OUT_MS = 1_500;
const CONNECT_MS = 10_000;
const REDRAW_MS = 1_000;

/**
 * Asks who works in the lab and on what, and prints the answers. False when `signal` came before there was time to answer: then nothing is
 * printed, since it would say of those that have not answered yet that they are not there.
 * @throws Error when the broker cannot be reached
 */
export async function runStatus(options: StatusOptions): Promise<boolean> {
  const { config, watch, out, signal } = options;
  const roster = new Roster({ self: undefined, now: steadyNow });
  const supervisor = new Supervisor({
    urls: config.amqpUrls,
    caCert: config.amqpCaCert,
    heartbeatS: config.amqpHeartbeatS,
    probeIntervalMs: CONNECT_MS,
    connectionName: `beaker-provision status ${config.lab}`,
    setUp: (session) => listen(session, roster, options),
    log: options.log,
  });
  const picture = openPicture(out, options);
  try {
    const hadTime = (await isHeard(roster, signal)) && (await wait(HEAR_OUT_MS, signal));
    if (!hadTime) return false;
    do picture.show(viewOf(config.lab, roster));
    while (watch && (await wait(REDRAW_MS, signal)));
    return true;
  } finally {
    picture.close();
    await supervisor.stop();
  }
}

async function listen(
  session: Session,
  roster: Roster,
  { config, log }: StatusOptions,
): Promise<() => Promise<void>> {
  const { lab } = config;
  const listeners = {
    onWorker: roster.heard.bind(roster),
    onRelay: roster.heardRelay.bind(roster),
    onResult: ({ id, status }: { id: number; status: string }): void => {
      if (status !== 'running') roster.ended(id);
    },
  };
  await hearLab(session, { lab, listeners, log });
  const channel = await session.openChannel();
  const { exchange, routingKey, content, properties } = askMessage(lab, randomUUID());
  channel.publish(exchange, routingKey, content, properties);
  roster.hearing(true);
  session.signal.addEventListener('abort', () => roster.hearing(false), { once: true });
  return async () => {
    await channel.prefetch(1);
  };
}

/** Waits for the broker; false when `signal` came first. */
async function isHeard(roster: Roster, signal: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + CONNECT_MS;
  while (roster.hearingSince === undefined && (await wait(50, signal))) {
    if (performance.now() > deadline) {
      throw new Error('status: expected the broker of AMQP_URL within 10 s, found none; see the log above');
    }
  }
  return roster.hearingSince !== undefined;
}

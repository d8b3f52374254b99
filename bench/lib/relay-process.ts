import amqplib, { type ConsumeMessage } from 'amqplib';
import { decodeRelay } from '../../src/broker/announcement-message.ts';
import { listenerQueue, relayKey, WORKERS_EXCHANGE } from '../../src/broker/names.ts';
import { ACCOUNT, LAB } from './account.ts';
import type { Broker } from './broker.ts';
import { startRole, type RoleProcess } from './role-process.ts';
import type { AtEnd } from './with-cleanup.ts';

export interface RelayOptions {
  readonly hubUrl: string;
  readonly broker: Broker;
}

/** Starts `beaker-provision relay` with the settings that it has unless told otherwise; resolves when it leads. */
export function startRelay({ hubUrl, broker }: RelayOptions, atEnd: AtEnd): Promise<RoleProcess> {
  const env = {
    BEAKER_HUB_URL: hubUrl,
    BEAKER_USERNAME: ACCOUNT.user,
    BEAKER_PASSWORD: ACCOUNT.password,
    BEAKER_AMQP_URL: broker.url,
  };
  return startRole({ role: 'relay', env, works: () => leads(broker) }, atEnd);
}

/** Resolves once a relay says that it leads. */
async function leads({ url }: Broker): Promise<void> {
  const connection = await amqplib.connect(url);
  try {
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue(listenerQueue(LAB), { exclusive: true, autoDelete: true });
    await channel.bindQueue(queue, WORKERS_EXCHANGE, relayKey(LAB));
    await new Promise<void>((resolve, reject) => {
      const hear = (message: ConsumeMessage | null): void => {
        if (message !== null && decodeRelay(message.content).isLeading) resolve();
      };
      channel.consume(queue, hear, { noAck: true }).catch(reject);
    });
  } finally {
    await connection.close();
  }
}

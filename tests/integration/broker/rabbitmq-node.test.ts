import { afterEach, describe, expect, it } from '@jest/globals';
import amqplib from 'amqplib';
import { rabbitmq, startRabbitMq, type RabbitMqNode } from '../../helpers/rabbitmq.ts';

describe('the RabbitMQ of the tests', () => {
  let own: RabbitMqNode | undefined;
  afterEach(async () => {
    await own?.remove();
  });

  it('is shared, and answers to rabbitmqctl', async () => {
    const broker = await rabbitmq();
    expect(await broker.ctl('status')).toContain('RabbitMQ version');
  }, 60_000);

  it('keeps durable queues over a kill and a restart of a node of its own', async () => {
    own = await startRabbitMq();
    await own.ready();
    const connection = await amqplib.connect(own.url);
    const channel = await connection.createChannel();
    await channel.assertQueue('kept', { durable: true });
    await connection.close();
    await own.kill();
    await own.restart();
    expect(await own.ctl('list_queues', 'name')).toContain('kept');
    await own.stop();
    await expect(amqplib.connect(own.url)).rejects.toThrow('ECONNREFUSED');
  }, 180_000);
});

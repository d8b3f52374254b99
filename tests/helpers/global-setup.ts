import { startRabbitMq, type RabbitMqNode } from './rabbitmq.ts';

declare global {
  // Jest shares nothing else between set-up and teardown.
  var rabbitMqOfThisRun: RabbitMqNode | undefined;
}

/**
 * Starts the RabbitMQ node that all integration and end-to-end tests share, without waiting for it: tests that need it do.
 * A node that is running already is used when BEAKER_TEST_AMQP_URL names it; `rabbitmq-node.sh` says how to start one by hand.
 */
export default async function globalSetup(): Promise<void> {
  if (process.env['BEAKER_TEST_AMQP_URL'] !== undefined) return;
  const node = await startRabbitMq();
  globalThis.rabbitMqOfThisRun = node;
  process.env['BEAKER_TEST_AMQP_URL'] = node.url;
  process.env['BEAKER_TEST_RABBITMQ_DIR'] = node.dir;
}

import { describe, expect, it } from '@jest/globals';
import { type BrokerWays, chooseBroker } from '../../../../src/demo/broker/choose-broker.ts';
import { Secret } from '../../../../src/secret.ts';

const LOCAL = 'amqp://guest:guest@127.0.0.1:5672';
const node = { url: new Secret('amqp://guest:guest@127.0.0.1:40000'), kill: () => Promise.resolve() };

/** A world in which only the brokers at `answering` can be used. */
function world(
  answering: readonly string[],
  more: Partial<BrokerWays> = {},
): { ways: BrokerWays; said: string[] } {
  const said: string[] = [];
  const ways = {
    problemOf: async (url: Secret) => (answering.includes(url.reveal()) ? undefined : 'connection refused'),
    startNode: undefined,
    say: (text: string) => said.push(text),
    ...more,
  };
  return { ways, said };
}

const urlsOf = (broker: { urls: readonly Secret[] } | undefined): readonly string[] | undefined =>
  broker?.urls.map((url) => url.reveal());

describe('chooseBroker', () => {
  it('uses the broker that was given, even if there are others', async () => {
    const { ways } = world(['amqp://me:pw@mq.example', LOCAL], { startNode: async () => node });
    const broker = await chooseBroker('amqp://me:pw@mq.example', ways);
    expect(urlsOf(broker)).toEqual(['amqp://me:pw@mq.example']);
    expect(broker).toMatchObject({ name: 'the broker at mq.example', node: undefined });
  });

  it('uses of several that were given those that answer', async () => {
    const { ways, said } = world(['amqp://two']);
    expect(urlsOf(await chooseBroker('amqp://one, amqp://two', ways))).toEqual(['amqp://two']);
    expect(said).toEqual([
      'the broker that was given cannot be used: connection refused',
      'using the broker at two',
    ]);
  });

  it('says so when the one that was given does not answer, and takes no other', async () => {
    const { ways, said } = world([LOCAL], { startNode: async () => node });
    expect(await chooseBroker('amqp://one', ways)).toBeUndefined();
    expect(said).toEqual(['the broker that was given cannot be used: connection refused']);
  });

  it.each([undefined, '', ' '])('uses the one on this machine when %j was given', async (given) => {
    const { ways } = world([LOCAL], { startNode: async () => node });
    const broker = await chooseBroker(given, ways);
    expect(urlsOf(broker)).toEqual([LOCAL]);
    expect(broker?.node).toBeUndefined();
  });

  it('starts a private one when there is none on this machine', async () => {
    const { ways } = world([], { startNode: async () => node });
    expect(await chooseBroker(undefined, ways)).toEqual({
      name: 'a private RabbitMQ',
      urls: [node.url],
      node,
    });
  });

  it('goes without when a private one does not start', async () => {
    const { ways, said } = world([], { startNode: () => Promise.reject(new Error('no memory')) });
    expect(await chooseBroker(undefined, ways)).toBeUndefined();
    expect(said.at(-1)).toBe('the private RabbitMQ did not start: no memory');
  });

  it('goes without when none is installed', async () => {
    const { ways, said } = world([]);
    expect(await chooseBroker(undefined, ways)).toBeUndefined();
    expect(said).toEqual(['no broker on 127.0.0.1, and no rabbitmq-server installed']);
  });
});

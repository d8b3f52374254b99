import { describeError } from '../../errors.ts';
import { Secret } from '../../secret.ts';
import type { PrivateRabbitMq } from './private-rabbitmq.ts';

/** The broker of the show. */
export interface ChosenBroker {
  /** In a few words, as in "pushed by …". */
  readonly name: string;
  readonly urls: readonly Secret[];
  /** The node, when it is ours to stop. */
  readonly node: PrivateRabbitMq | undefined;
}

/** What there is to choose from. */
export interface BrokerWays {
  /** Why the broker at a URL cannot be used; undefined when it can. */
  readonly problemOf: (url: Secret) => Promise<string | undefined>;
  /** Starts a private node; undefined when RabbitMQ is not installed. */
  readonly startNode: (() => Promise<PrivateRabbitMq>) | undefined;
  /** Tells the audience. */
  readonly say: (text: string) => void;
}

const LOCAL_URL = new Secret('amqp://guest:guest@127.0.0.1:5672');

/**
 * The broker that was given, else the one on this machine, else a private one; undefined when there is none, and the show has
 * to do with polling. A broker that was given is not replaced by another one.
 */
export async function chooseBroker(
  given: string | undefined,
  ways: BrokerWays,
): Promise<ChosenBroker | undefined> {
  if (given !== undefined && given.trim() !== '') return givenBroker(given, ways);
  if ((await ways.problemOf(LOCAL_URL)) === undefined) {
    ways.say('using the RabbitMQ on 127.0.0.1');
    return { name: 'RabbitMQ on 127.0.0.1', urls: [LOCAL_URL], node: undefined };
  }
  return privateBroker(ways);
}

async function givenBroker(given: string, { problemOf, say }: BrokerWays): Promise<ChosenBroker | undefined> {
  const urls: Secret[] = [];
  for (const text of given.split(',').map((part) => part.trim())) {
    const problem = await problemOf(new Secret(text));
    if (problem === undefined) urls.push(new Secret(text));
    else say(`the broker that was given cannot be used: ${problem}`);
  }
  const [first] = urls;
  if (first === undefined) return undefined;
  const { host } = new URL(first.reveal());
  say(`using the broker at ${host}`);
  return { name: `the broker at ${host}`, urls, node: undefined };
}

async function privateBroker({ startNode, say }: BrokerWays): Promise<ChosenBroker | undefined> {
  if (startNode === undefined) {
    say('no broker on 127.0.0.1, and no rabbitmq-server installed');
    return undefined;
  }
  say('starting a private RabbitMQ, which takes 10 to 20 seconds');
  try {
    const node = await startNode();
    return { name: 'a private RabbitMQ', urls: [node.url], node };
  } catch (error) {
    say(`the private RabbitMQ did not start: ${describeError(error)}`);
    return undefined;
  }
}

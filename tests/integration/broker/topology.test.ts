import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect } from '../../../src/broker/connect.ts';
import { Session } from '../../../src/broker/session.ts';
import { commandTopology, ensureTopology } from '../../../src/broker/topology.ts';
import { Secret } from '../../../src/secret.ts';
import { amqpPeer, uniqueLab, type AmqpPeer } from '../../helpers/amqp-peer.ts';
import { rabbitmq } from '../../helpers/rabbitmq.ts';

describe('topology', () => {
  let session: Session;
  let peer: AmqpPeer;
  let lab: string;

  beforeEach(async () => {
    const { url } = await rabbitmq();
    const options = {
      url: new Secret(url),
      connectionName: 'topology test',
      heartbeatS: 60,
      timeoutMs: 10_000,
    };
    session = new Session(await connect(options, new AbortController().signal));
    peer = await amqpPeer();
    lab = uniqueLab();
  }, 120_000);

  afterEach(async () => {
    session.destroy();
    await peer.channel.deleteQueue(`beaker.commands.${lab}`).catch(() => {});
    await peer.channel.deleteQueue(`beaker.commands.${lab}.dead`).catch(() => {});
    await peer.close().catch(() => {});
  });

  it.each(['quorum', 'classic'] as const)(
    'declared with %s queues, brings a message to the lab',
    async (type) => {
      await ensureTopology(session, 'declare', commandTopology(lab, type));
      peer.channel.publish('beaker.commands', `beaker.Command.${lab}`, Buffer.from('hello'));
      await peer.channel.waitForConfirms();
      expect((await peer.take(`beaker.commands.${lab}`))?.body).toBe('hello');
      await expect(peer.depth(`beaker.commands.${lab}.dead`)).resolves.toBe(0);
    },
  );

  it('may be declared again, and then checks out', async () => {
    await ensureTopology(session, 'declare', commandTopology(lab, 'quorum'));
    await ensureTopology(session, 'declare', commandTopology(lab, 'quorum'));
    await ensureTopology(session, 'check', commandTopology(lab, 'classic'));
    expect(session.signal.aborted).toBe(false);
  });

  it('checked, names everything that is missing and what to do, and declares nothing', async () => {
    const { queues } = commandTopology(lab, 'quorum');
    const wanted = { ...commandTopology(lab, 'quorum'), exchanges: [`no.exchange.${lab}`] };
    await expect(ensureTopology(session, 'check', wanted)).rejects.toThrow(
      `missing: exchange "no.exchange.${lab}", queue "${queues[0]}", queue "${queues[1]}"; declare them by hand, or set AMQP_TOPOLOGY=declare`,
    );
    expect(session.signal.aborted).toBe(false);
    await expect(peer.channel.checkQueue(`beaker.commands.${lab}`)).rejects.toThrow(/NOT[-_]FOUND/);
  });

  it('declared over a queue with other settings, names the queue and what to do', async () => {
    await ensureTopology(session, 'declare', commandTopology(lab, 'classic'));
    await expect(ensureTopology(session, 'declare', commandTopology(lab, 'quorum'))).rejects.toMatchObject({
      name: 'BrokerRefusedError',
      message: expect.stringMatching(/queue "beaker\.commands\..*AMQP_QUEUE_TYPE.*PRECONDITION/),
    });
  });

  it('not looked at, is left to others', async () => {
    await ensureTopology(session, 'none', commandTopology(lab, 'quorum'));
    await expect(peer.channel.checkQueue(`beaker.commands.${lab}`)).rejects.toThrow(/NOT[-_]FOUND/);
  });
});

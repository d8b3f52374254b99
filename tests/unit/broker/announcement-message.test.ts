import { describe, expect, it } from '@jest/globals';
import {
  askMessage,
  decodeAsk,
  decodeRelay,
  decodeWorker,
  relayMessage,
  workerMessage,
} from '../../../src/broker/announcement-message.ts';
import { announcement } from '../../helpers/announcements.ts';

describe('what a worker announces', () => {
  const said = announcement({
    running: [
      { id: 7, fqdn: 'sys7.lab.test', action: 'on', address: 'pdu1', stage: 'running', sinceMs: 1_000 },
    ],
    asking: [{ id: 8, fqdn: 'sys8.lab.test', action: 'off', address: '' }],
    doubting: [{ id: 9, fqdn: 'sys9.lab.test', action: 'reboot', address: 'pdu2' }],
    waiting: { 'sys1.lab.test': [10, 11] },
    lanes: { 'system:sys1.lab.test': 2, 'power:PDU-A': 2 },
    troubles: ['STATE_DIR /x is full'],
    last: [{ id: 6, fqdn: 'sys6.lab.test', action: 'on', status: 'failed', endedMs: 900, message: 'no' }],
    answers: ['token'],
  });

  it('comes through as it was said', () => {
    expect(decodeWorker(workerMessage(said).content)).toEqual(said);
  });

  it('goes to the lab, is kept by no broker for long, and is not written to disk', () => {
    const { exchange, routingKey, properties } = workerMessage(said);
    expect([exchange, routingKey]).toEqual(['beaker.workers', 'beaker.Worker.lab.test']);
    expect(properties).toMatchObject({ type: 'beaker.worker', persistent: false, expiration: '30000' });
  });

  it('has members in snake case, and leaves the names of systems alone', () => {
    const body: unknown = JSON.parse(workerMessage(said).content.toString());
    expect(body).toMatchObject({
      is_primary: true,
      started_at_ms: 0,
      running: [{ id: 7, since_ms: 1_000 }],
      waiting: { 'sys1.lab.test': [10, 11] },
    });
  });

  it('names lanes as everybody does, whatever the worker is like that says it', () => {
    const command = { id: 8, fqdn: 'sys8.lab.test', action: 'off', address: 'pdu1' } as const;
    const odd = announcement({ asking: [{ ...command, fqdn: 'sys8.lab.test.', address: ' pdu1\n' }] });

    expect(decodeWorker(workerMessage(odd).content).asking).toEqual([command]);
  });

  it('is refused when it is something else', () => {
    expect(() => decodeWorker(Buffer.from('{"lab":"lab.test"}'))).toThrow('worker');
    expect(() => decodeWorker(Buffer.from('nonsense'))).toThrow();
  });
});

describe('what a relay announces', () => {
  it('comes through as it was said', () => {
    const said = {
      lab: 'lab.test',
      name: 'host:1',
      isLeading: true,
      isLeaving: false,
      trouble: 'the hub is away',
      waiting: 2,
      published: 1,
      running: 3,
      lanes: { 'system:sys-a.lab.test': 2 },
    };
    expect(relayMessage(said).routingKey).toBe('beaker.Relay.lab.test');
    expect(decodeRelay(relayMessage(said).content)).toEqual(said);
  });
});

describe('the question who is there', () => {
  it('carries a token for the answers', () => {
    const { routingKey, content } = askMessage('lab.test', 'abc');
    expect(routingKey).toBe('beaker.Ask.lab.test');
    expect(decodeAsk(content)).toBe('abc');
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeResult, resultEvent, resultReply, type Result } from '../../../src/broker/result-message.ts';
import { ACTIONS } from '../../../src/command.ts';

const failed: Result = {
  id: 4,
  lab: 'lab.test',
  fqdn: 'sys.test',
  action: 'on',
  status: 'failed',
  message: 'no answer',
  systemBroken: true,
  worker: 'w1',
  queuedMs: 12,
  ranMs: 3.5,
};

describe('result message', () => {
  it('goes to the results of its lab, with the members that the protocol names', () => {
    const event = resultEvent(failed);
    expect(event).toMatchObject({
      exchange: 'beaker.results',
      routingKey: 'beaker.Result.lab.test',
      properties: { contentType: 'application/json', type: 'beaker.result' },
    });
    expect(JSON.parse(event.content.toString())).toEqual({
      id: 4,
      lab: 'lab.test',
      fqdn: 'sys.test',
      action: 'on',
      status: 'failed',
      message: 'no answer',
      system_broken: true,
      worker: 'w1',
      queued_ms: 12,
      ran_ms: 3.5,
    });
  });

  it('leaves out what is not known', () => {
    const running: Result = { id: 1, lab: 'l', fqdn: 's', action: 'off', status: 'running', worker: 'w' };
    expect(JSON.parse(resultEvent(running).content.toString())).toEqual(running);
  });

  it('answers the sender at the queue it named, with its correlation id', () => {
    const reply = resultReply(failed, { replyTo: 'answers', correlationId: 'c1' });
    expect(reply).toMatchObject({ exchange: '', routingKey: 'answers', properties: { correlationId: 'c1' } });
    const plain = resultReply(failed, { replyTo: 'answers', correlationId: undefined });
    expect(plain.properties).not.toHaveProperty('correlationId');
  });

  it('is read as it was written', () => {
    const results = fc.record(
      {
        id: fc.integer({ min: 1 }),
        lab: fc.constant('lab.test'),
        fqdn: fc.constant('sys.test'),
        action: fc.constantFrom(...ACTIONS),
        status: fc.constantFrom(
          'running' as const,
          'completed' as const,
          'failed' as const,
          'aborted' as const,
        ),
        message: fc.string(),
        systemBroken: fc.boolean(),
        worker: fc.string(),
        queuedMs: fc.nat(),
        ranMs: fc.nat(),
      },
      { requiredKeys: ['id', 'lab', 'fqdn', 'action', 'status', 'worker'] },
    );
    fc.assert(
      fc.property(results, (result) => {
        expect(decodeResult(resultEvent(result).content)).toEqual(result);
      }),
    );
  });
});

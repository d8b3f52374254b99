import { describe, expect, it } from '@jest/globals';
import { commandMessage, decodeCommandMessage } from '../../../src/broker/command-message.ts';
import { powerCommand } from '../../helpers/commands.ts';

const lab = 'lab.example.com';

function body(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

describe('command message', () => {
  it('is addressed and labelled as the protocol says', () => {
    const { exchange, routingKey, properties, content } = commandMessage(lab, powerCommand({ id: 7 }));
    expect({ exchange, routingKey, properties }).toEqual({
      exchange: 'beaker.commands',
      routingKey: 'beaker.Command.lab.example.com',
      properties: { contentType: 'application/json', type: 'beaker.command', messageId: 'lab.example.com/7' },
    });
    expect(JSON.parse(content.toString())).toMatchObject({ lab, id: 7, action: 'on' });
  });

  it('is read as the command that was written', () => {
    const command = powerCommand({
      id: 3,
      delayS: 5,
      quiescentPeriodS: 2,
      address: 'pdu1',
      password: 'sésame',
    });
    const read = decodeCommandMessage(commandMessage(lab, command).content, lab);
    expect(read).toEqual(command);
    expect(read.power?.password.reveal()).toBe('sésame');
  });

  it('may leave out the lab', () => {
    expect(decodeCommandMessage(body({ id: 1, action: 'clear_logs', fqdn: 'a.test' }), lab).id).toBe(1);
  });

  it.each([
    [
      'another lab',
      body({ lab: 'other', id: 1, action: 'clear_logs', fqdn: 'a' }),
      /lab: expected "lab.example.com", found "other"/,
    ],
    ['no JSON', Buffer.from('{"passwd": "hunter2"'), /expected JSON/],
    ['nothing', Buffer.alloc(0), /expected JSON/],
    ['null', body(null), /invalid command/],
    ['a list', body([]), /invalid command/],
    ['an unknown action', body({ id: 1, action: 'explode', fqdn: 'a' }), /action/],
    ['a path for a name', body({ id: 1, action: 'clear_logs', fqdn: '../etc' }), /fqdn/],
    ['more than a mebibyte', Buffer.alloc(1024 * 1024 + 1, ' '), /at most 1048576 bytes, found 1048577/],
  ])('with %s is refused, saying why', (_what, content, reason) => {
    expect(() => decodeCommandMessage(content, lab)).toThrow(reason);
  });

  it('does not quote what it cannot parse, since that may hold a password', () => {
    expect(() => decodeCommandMessage(Buffer.from('{"passwd": hunter2'), lab)).not.toThrow(/hunter2/);
  });
});

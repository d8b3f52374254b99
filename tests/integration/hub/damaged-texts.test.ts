import { afterEach, describe, expect, it } from '@jest/globals';
import { decodeCommand } from '../../../src/command.ts';
import { InvalidCommandError } from '../../../src/errors.ts';
import { createHubClient } from '../../../src/hub/hub-client.ts';
import { PollSource } from '../../../src/sources/poll-source.ts';
import { InvalidCommands } from '../../../src/worker/invalid-commands.ts';
import { type RawHttpPeer, startRawHttpPeer } from '../../helpers/raw-http-peer.ts';
import { silentLogger } from '../../helpers/silent-logger.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

/** A list as Beaker writes it, with `password` in the second of three commands, byte by byte. */
function listWith(password: Buffer): Buffer {
  const member = (name: string, value: string): string =>
    `<member><name>${name}</name><value>${value}</value></member>`;
  const command = (id: number, passwd: string): string => {
    const power = ['type', 'address', 'id', 'user'].map((name) => member(name, `<string>${name}</string>`));
    const settings = `<struct>${power.join('')}${member('passwd', `<string>${passwd}</string>`)}</struct>`;
    return `<value><struct>${member('id', `<int>${id}</int>`)}${member('action', 'off')}${member('fqdn', `s${id}.lab`)}${member('power', settings)}</struct></value>`;
  };
  const list = [command(1, 'one'), command(2, 'PASSWORD'), command(3, 'three')].join('\n');
  const [before = '', after = ''] =
    `<?xml version='1.0'?>\n<methodResponse><params><param><value><array><data>${list}</data></array></value></param></params></methodResponse>`.split(
      'PASSWORD',
    );
  return Buffer.concat([Buffer.from(before), password, Buffer.from(after)]);
}

const DAMAGED: readonly (readonly [string, Buffer])[] = [
  ['a control character', Buffer.from('a\u0001b')],
  ['NUL', Buffer.from('a\u0000b')],
  ['ESC in CDATA', Buffer.from('<![CDATA[a\u001b]]>')],
  ['a control character by its number', Buffer.from('a&#1;b')],
  ['one in hexadecimal', Buffer.from('a&#x1F;b')],
  ['half a character by its number', Buffer.from('a&#xD800;b')],
  ['a number that is no character', Buffer.from('a&#x110000;b')],
  ['U+FFFE', Buffer.from('a\ufffeb')],
  ['half a character in bytes', Buffer.from([0x61, 0xed, 0xa0, 0x80, 0x62])],
  ['bytes of Latin-1', Buffer.from([0x70, 0xe4, 0xdf])],
  ['a character that was lost before', Buffer.from('a\ufffdb')],
];

describe('a command with a password that XML cannot carry', () => {
  let peer: RawHttpPeer | undefined;

  afterEach(async () => {
    await peer?.close();
  });

  async function startHub(list: Buffer): Promise<RawHttpPeer> {
    peer = await startRawHttpPeer((socket, request) => {
      const isList = request.includes('get_queued_command_details');
      const body = isList
        ? list
        : Buffer.from(
            '<methodResponse><params><param><value><nil/></value></param></params></methodResponse>',
          );
      socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: ${body.length}\r\n\r\n`);
      socket.write(body);
    });
    return peer;
  }

  it.each(DAMAGED)(
    'leaves the others of the list readable, and is invalid itself: %s',
    async (_what, password) => {
      const hub = await startHub(listWith(password));
      const client = createHubClient({ url: `http://127.0.0.1:${hub.port}`, login: { method: 'none' } });
      const [first, second, third] = await client.queuedCommands();
      await client.close();
      expect(decodeCommand(first).power?.password.reveal()).toBe('one');
      expect(decodeCommand(third).power?.password.reveal()).toBe('three');
      expect(() => decodeCommand(second)).toThrow(InvalidCommandError);
      expect(() => decodeCommand(second)).toThrow(/^invalid command: power\.passwd: expected text without/);
    },
  );

  it.each([
    ['a line feed, a tabulator and markup', Buffer.from('a\n\t&lt;&amp;&#62;'), 'a\n\t<&>'],
    ['what looks like a reference', Buffer.from('&amp;#1;'), '&#1;'],
    ['characters of other languages', Buffer.from('ä漢😀&#x1F600;'), 'ä漢😀😀'],
  ])('runs when its password is whole: %s', async (_what, password, expected) => {
    const hub = await startHub(listWith(password));
    const client = createHubClient({ url: `http://127.0.0.1:${hub.port}`, login: { method: 'none' } });
    const [, second] = await client.queuedCommands();
    await client.close();
    expect(decodeCommand(second).power?.password.reveal()).toBe(expected);
  });

  it('is claimed and failed, the member named and the system not blamed, and the others are run', async () => {
    const hub = await startHub(listWith(Buffer.from('se\u0007cret')));
    const client = createHubClient({ url: `http://127.0.0.1:${hub.port}`, login: { method: 'none' } });
    const invalid = new InvalidCommands({ hub: client, log: silentLogger });
    const run: number[] = [];
    const source = new PollSource({
      hub: client,
      onCommands: (commands) => void run.push(...commands.map(({ id }) => id)),
      onInvalid: (id, problem) => invalid.refuse(id, problem),
      log: silentLogger,
    });
    source.lookNow();
    await waitUntil(() => hub.requests.some((request) => request.includes('mark_command_failed')));
    await source.stop();
    await invalid.stop();
    await client.close();
    expect(run).toEqual([1, 3]);
    expect(hub.requests.filter((request) => request.includes('mark_command_running'))).toHaveLength(1);
    const failed = hub.requests.find((request) => request.includes('mark_command_failed')) ?? '';
    expect(failed).toContain('<int>2</int>');
    expect(failed).toContain('power.passwd: expected text without control characters');
    expect(failed).toContain('<boolean>0</boolean>');
    expect(failed).not.toMatch(/cret|\u0007/);
  });
});

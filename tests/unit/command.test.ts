import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  ACTIONS,
  decodeCommand,
  encodeCommand,
  hostName,
  isPowerAction,
  isRepeatable,
  lanesOf,
} from '../../src/command.ts';
import type { Command } from '../../src/command.ts';
import { InvalidCommandError } from '../../src/errors.ts';
import { Secret } from '../../src/secret.ts';
import { FORBIDDEN_IN_XML, LOST } from '../../src/whole-text.ts';
import { trimmed } from '../../src/white-space.ts';
import { powerCommand } from '../helpers/commands.ts';

const WIRE = {
  id: 7,
  action: 'on',
  fqdn: 'sys1.lab.test',
  delay: 1.5,
  quiescent_period: 5,
  power: { type: 'ipmitool', address: 'bmc1.lab.test', id: '1', user: 'admin', passwd: 'hunter2' },
};

const NETBOOT_WIRE = {
  id: 8,
  action: 'configure_netboot',
  fqdn: 'sys1.lab.test',
  netboot: {
    kernel_url: 'http://x/vmlinuz',
    initrd_url: 'http://x/initrd',
    kernel_options: 'ks=1',
    arch: 'x86_64',
  },
};

describe('a command off the wire', () => {
  it('is read in full', () => {
    expect(decodeCommand(WIRE)).toEqual({
      id: 7,
      action: 'on',
      fqdn: 'sys1.lab.test',
      delayS: 1.5,
      quiescentPeriodS: 5,
      power: {
        type: 'ipmitool',
        address: 'bmc1.lab.test',
        id: '1',
        user: 'admin',
        password: new Secret('hunter2'),
      },
      netboot: undefined,
    });
    expect(decodeCommand(WIRE).power?.password.reveal()).toBe('hunter2');
  });

  it('may have nil for text, and numbers for what looks like one', () => {
    const power = { type: 'apc_snmp', address: null, id: 12, user: undefined, passwd: null };
    const { power: read } = decodeCommand({ ...WIRE, power });
    expect(read).toMatchObject({ address: '', id: '12', user: '' });
    expect(read?.password.reveal()).toBe('');
  });

  it('may lack delay and rest, or have nil for them', () => {
    const none = { delayS: 0, quiescentPeriodS: 0 };
    expect(decodeCommand({ ...WIRE, delay: null, quiescent_period: null })).toMatchObject(none);
    expect(decodeCommand(NETBOOT_WIRE)).toMatchObject({
      ...none,
      netboot: { kernelOptions: 'ks=1', imageUrl: undefined, distroTreeId: undefined },
    });
  });

  it('has neither white space around power address and power id, nor the dot that may end a name', () => {
    const power = { ...WIRE.power, address: '\u2003 bmc1\n', id: '\t-C 3 ' };

    expect(decodeCommand({ ...WIRE, fqdn: 'sys1.lab.test.', power })).toMatchObject({
      fqdn: 'sys1.lab.test',
      power: { address: 'bmc1', id: '-C 3', user: 'admin' },
    });
  });

  it('keeps U+FEFF, which is no white space for the hub either', () => {
    const power = { ...WIRE.power, address: '\ufeffbmc1\ufeff', id: ' \ufeff ' };

    expect(decodeCommand({ ...WIRE, power }).power).toMatchObject({
      address: '\ufeffbmc1\ufeff',
      id: '\ufeff',
    });
  });

  it('may have members that are not known', () => {
    const command = decodeCommand({ ...WIRE, lab: 'lab1', power: { ...WIRE.power, more: [1] } });
    expect(command).toEqual(decodeCommand(WIRE));
  });

  it('gives back whatever was encoded', () => {
    fc.assert(
      fc.property(anyCommand(), (command) => {
        const text = JSON.stringify(encodeCommand(command));
        const decoded = decodeCommand(JSON.parse(text));
        expect(decoded).toEqual(command);
        expect(decoded.power?.password.reveal()).toBe(command.power?.password.reveal());
      }),
    );
  });

  it.each<[unknown, readonly string[]]>([
    [{ ...WIRE, id: '7' }, ['id: ']],
    [{ ...WIRE, id: 0 }, ['id: ']],
    [{ ...WIRE, id: 1.5 }, ['id: ']],
    [{ ...WIRE, action: 'explode' }, ['action: ']],
    [{ ...WIRE, fqdn: '../../etc/passwd' }, ['fqdn: expected a host name']],
    [{ ...WIRE, delay: -1 }, ['delay: ']],
    [{ ...WIRE, delay: Infinity }, ['delay: ']],
    [{ ...WIRE, delay: 2_000_001 }, ['delay: ']],
    [{ ...WIRE, quiescent_period: 'long' }, ['quiescent_period: ']],
    [{ ...WIRE, power: { ...WIRE.power, type: null } }, ['power.type: ']],
    [{ ...WIRE, power: { ...WIRE.power, address: 'x'.repeat(4097) } }, ['power.address: ']],
    [{ ...WIRE, power: { ...WIRE.power, passwd: ['x'] } }, ['power.passwd: ']],
    [{ ...WIRE, power: { ...WIRE.power, type: 'a\u0001' } }, ['power.type: expected text without']],
    [{ ...WIRE, power: { ...WIRE.power, address: 'a\u001b' } }, ['power.address: expected text without']],
    [{ ...WIRE, power: { ...WIRE.power, id: 'a\ufffe' } }, ['power.id: expected text without']],
    [{ ...WIRE, power: { ...WIRE.power, user: 'a\ufffd' } }, ['power.user: expected text without']],
    [{ ...WIRE, power: { ...WIRE.power, passwd: 'a\ud800' } }, ['power.passwd: expected text without']],
    [{ ...WIRE, power: null }, ['power: expected the power settings']],
    [{ ...NETBOOT_WIRE, netboot: undefined }, ['netboot: expected kernel and initrd']],
    [
      { ...NETBOOT_WIRE, netboot: { arch: 1 } },
      ['netboot.kernel_url: ', 'netboot.initrd_url: ', 'netboot.arch: '],
    ],
    [
      { id: -1, action: 7, fqdn: '', delay: {}, power: 5 },
      ['id: ', 'action: ', 'fqdn: ', 'delay: ', 'power: '],
    ],
    ['text', ['invalid command: ']],
    [null, ['invalid command: ']],
    [[WIRE], ['invalid command: ']],
  ])('is refused with every member that is wrong: %j', (wire, problems) => {
    const { message } = refusal(wire);
    for (const problem of problems) expect(message).toContain(problem);
  });

  it('does not show a password when it is refused', () => {
    expect(refusal({ ...WIRE, id: 'x', power: { ...WIRE.power, type: 5 } }).message).not.toContain('hunter2');
  });

  it.each<[unknown, number | undefined]>([
    [{ ...WIRE, fqdn: '' }, 7],
    [{ id: 7 }, 7],
    [{ ...WIRE, id: 2 ** 53 }, undefined],
    [{ ...WIRE, id: -7 }, undefined],
    ['text', undefined],
  ])('is refused with its id, if that could be read: %j', (wire, id) => {
    expect(refusal(wire).id).toBe(id);
  });
});

describe('a host name', () => {
  it.each(['a', 'sys1.lab.example.com', '10.0.0.1', 'A-b.C', `${'a'.repeat(63)}.x`, '1.2'])(
    'may be %s',
    (name) => {
      expect(hostName.safeParse(name).success).toBe(true);
    },
  );

  it.each([
    ['lab.', 'lab'],
    ['Sys1.Lab.', 'Sys1.Lab'],
    [`${'a.'.repeat(126)}a.`, `${'a.'.repeat(126)}a`],
  ])('may end with a dot, which is not kept: %s', (name, kept) => {
    expect(hostName.parse(name)).toBe(kept);
  });

  it.each([
    '',
    '.',
    '..',
    '.lab',
    'lab..',
    'a..b',
    '-a',
    'a-',
    'a_b',
    'a b',
    'a/b',
    '../a',
    'a\\b',
    'a\n',
    'a\0',
    'é',
    'a'.repeat(64),
    `${'a.'.repeat(126)}aa`,
    '::1',
  ])('may not be %j', (name) => {
    expect(hostName.safeParse(name).success).toBe(false);
  });

  it('is always a plain file name', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        const read = hostName.safeParse(name);
        fc.pre(read.success);
        expect(read.data).toMatch(/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/);
      }),
    );
  });
});

describe('the lanes of a command', () => {
  it('are its system and its power address', () => {
    expect(lanesOf(powerCommand({ fqdn: 'sys1.lab.test', address: 'pdu1' }))).toEqual([
      'system:sys1.lab.test',
      'power:pdu1',
    ]);
  });

  it.each(['', '  ', null])('are its system alone when the power address is %j', (address) => {
    const command = decodeCommand({ ...WIRE, fqdn: 'sys1', power: { ...WIRE.power, address } });
    expect(lanesOf(command)).toEqual(['system:sys1']);
  });

  it('are the same with a dot at the end of a name, and with white space around an address', () => {
    const power = { ...WIRE.power, address: ' BMC1.lab.test.\n' };
    expect(lanesOf(decodeCommand({ ...WIRE, fqdn: 'SYS1.lab.test.', power }))).toEqual(
      lanesOf(decodeCommand(WIRE)),
    );
  });

  it('are the same in upper and lower case', () => {
    expect(lanesOf(powerCommand({ fqdn: 'SYS1', address: 'PDU1' }))).toEqual(
      lanesOf(powerCommand({ fqdn: 'sys1', address: 'pdu1' })),
    );
  });

  it('tell a system from a power controller of the same name', () => {
    const lanes = lanesOf(powerCommand({ fqdn: 'sys1', address: 'sys1' }));
    expect(new Set(lanes).size).toBe(2);
  });
});

describe('an action', () => {
  it('drives power when it is one of these', () => {
    expect(ACTIONS.filter(isPowerAction)).toEqual(['on', 'off', 'reboot', 'interrupt']);
  });

  it('may be repeated unless that would disturb a running system', () => {
    expect(ACTIONS.filter((action) => !isRepeatable(action))).toEqual(['reboot', 'interrupt']);
  });
});

function refusal(wire: unknown): InvalidCommandError {
  try {
    decodeCommand(wire);
  } catch (error) {
    if (error instanceof InvalidCommandError) return error;
    throw error;
  }
  throw new Error('the command was accepted');
}

function anyCommand(): fc.Arbitrary<Command> {
  const text = fc
    .string({ unit: 'binary', maxLength: 50 })
    .map((any) => any.replace(FORBIDDEN_IN_XML, '').replaceAll(LOST, ''));
  const duration = fc.double({ min: 0, max: 2_000_000, noNaN: true }).map((value) => value + 0);
  const power = fc.record({
    type: text,
    address: text.map(trimmed),
    id: text.map(trimmed),
    user: text,
    password: text.map((value) => new Secret(value)),
  });
  const netboot = fc.record({
    kernelUrl: text,
    initrdUrl: text,
    kernelOptions: text,
    imageUrl: fc.option(text, { nil: undefined }),
    distroTreeId: fc.option(fc.nat(), { nil: undefined }),
    arch: text,
  });
  const label = fc.stringMatching(/^[a-zA-Z0-9]([a-zA-Z0-9-]{0,10}[a-zA-Z0-9])?$/);
  return fc
    .record({
      id: fc.maxSafeInteger().filter((id) => id > 0),
      action: fc.constantFrom(...ACTIONS),
      fqdn: fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.')),
      delayS: duration,
      quiescentPeriodS: duration,
      power,
      netboot,
    })
    .map((command) => ({
      ...command,
      power: isPowerAction(command.action) ? command.power : undefined,
      netboot: command.action === 'configure_netboot' ? command.netboot : undefined,
    }));
}

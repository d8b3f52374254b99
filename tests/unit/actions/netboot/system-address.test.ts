import { describe, expect, it } from '@jest/globals';
import { type Lookup, NameService } from '../../../../src/actions/netboot/name-service.ts';
import { findAddress, requireAddress } from '../../../../src/actions/netboot/system-address.ts';
import { type LogLine, recordingLogger } from '../../../helpers/recording-logger.ts';
import { silentLogger } from '../../../helpers/silent-logger.ts';

/** A name service that knows these addresses, by family. */
function knowing(
  addresses: { 0?: never; 4?: readonly string[]; 6?: readonly string[] },
  code = 'ENOTFOUND',
): Lookup {
  return async (name, { family }) => {
    const known = addresses[family];
    if (known === undefined) throw Object.assign(new Error(`getaddrinfo ${code} ${name}`), { code });
    return known.map((address) => ({ address, family }));
  };
}

describe('the address of a system', () => {
  const log = silentLogger;

  it('is what /etc/hosts says', async () => {
    expect(await requireAddress('localhost', { log, lookup: new NameService({ threads: 1 }).lookup })).toBe(
      '127.0.0.1',
    );
  });

  it('is the name itself when that is an IPv4 address', async () => {
    expect(await requireAddress('192.168.77.15', { log, lookup: knowing({}) })).toBe('192.168.77.15');
  });

  it('is the first of several, which is logged', async () => {
    const lines: LogLine[] = [];
    const lookup = knowing({ 4: ['10.0.0.2', '10.0.0.1'] });
    expect(await requireAddress('a.lab', { log: recordingLogger(lines), lookup })).toBe('10.0.0.2');
    expect(lines).toMatchObject([{ facts: { addresses: ['10.0.0.2', '10.0.0.1'] } }]);
  });

  it('fails the command when the name has IPv6 addresses only, and says so', async () => {
    await expect(requireAddress('a.lab', { log, lookup: knowing({ 6: ['fe80::1'] }) })).rejects.toMatchObject(
      {
        message: expect.stringContaining('a.lab has IPv6 addresses only'),
        systemBroken: false,
      },
    );
  });

  it('is unknown when there is no such name, unlike when the name service does not answer', async () => {
    expect(await findAddress('a.lab', { lookup: knowing({}) })).toMatchObject({ kind: 'unknown' });
    expect(await findAddress('a.lab', { lookup: knowing({}, 'EAI_AGAIN') })).toMatchObject({
      kind: 'unavailable',
      reason: expect.stringContaining('EAI_AGAIN'),
    });
  });
});

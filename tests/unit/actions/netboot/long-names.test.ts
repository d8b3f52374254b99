import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { clearNetboot } from '../../../../src/actions/clear-netboot.ts';
import { configureNetboot } from '../../../../src/actions/configure-netboot.ts';
import { GOLDEN_IMAGES } from '../../../helpers/golden-netboot.ts';
import { netbootCommand } from '../../../helpers/netboot-command.ts';
import { netbootLab, type NetbootLab } from '../../../helpers/netboot-lab.ts';
import { readTree } from '../../../helpers/tree.ts';

// The longest that DNS allows.
const FQDN = `${`${'a'.repeat(62)}.`.repeat(4)}a`;

describe('a name of 253 characters', () => {
  let lab: NetbootLab;

  beforeEach(() => {
    lab = netbootLab(GOLDEN_IMAGES);
    lab.addresses.set(FQDN, '10.0.0.1');
  });
  afterEach(() => lab.remove());

  it('is configured and cleared as any other', async () => {
    expect(FQDN).toHaveLength(253);
    // So that the names of what it does not hold are tried there.
    mkdirSync(join(lab.root, 's390x'));
    await configureNetboot(netbootCommand(FQDN), lab.context());
    expect(readTree(lab.root)[`images/${FQDN}/kernel`]).toEqual({ file: 'KERNEL\n' });
    await clearNetboot({ fqdn: FQDN }, lab.context());
    expect(Object.keys(readTree(lab.root)).filter((path) => /0A000001|aaaa/i.test(path))).toEqual([]);
  });

  it('is refused by the name of the file that cannot be, where a boot loader wants a longer one', async () => {
    await expect(
      configureNetboot(netbootCommand(FQDN, { arch: 's390x' }), lab.context({ zpxeUseFtp: false })),
    ).rejects.toMatchObject({
      message: expect.stringMatching(`cannot change ${lab.root}/s390x/s_${FQDN}_parm: .*ENAMETOOLONG`),
      systemBroken: false,
    });
    expect(readTree(lab.root)).toEqual({});
  });
});

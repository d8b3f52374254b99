import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { entriesFor } from '../../../src/actions/netboot/boot-loaders.ts';
import { describeBoot } from '../../../src/actions/netboot/boot.ts';
import { grub2Config } from '../../../src/actions/netboot/loaders/grub2-config.ts';
import { goldenNetboots } from '../../helpers/golden-netboot.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

describe('the files for GRUB', () => {
  it.each(goldenNetboots().map((golden) => [golden.name, golden] as const))(
    'are what GRUB can read: %s',
    (_name, { command, ip, zpxeUseFtp }) => {
      const { fqdn, netboot } = command;
      if (netboot === undefined) throw new Error('expected something to boot');
      const boot = describeBoot(netboot, { fqdn, address: ip, zpxeUsesFtp: zpxeUseFtp });
      const { own, shared } = entriesFor(boot);
      const dir = tempDir();
      try {
        for (const entry of [...own, ...shared]) {
          if (entry.kind !== 'file' || !entry.path.includes('grub.cfg')) continue;
          writeFileSync(dir.file('grub.cfg'), entry.content);
          expect(() => execFileSync('grub-script-check', [dir.file('grub.cfg')])).not.toThrow();
        }
      } finally {
        dir.remove();
      }
    },
  );

  it('are what GRUB can read whatever signs of its own the options have', () => {
    const dir = tempDir();
    try {
      const one = fc.constantFrom(...Array.from('a=;&|$#{}<>()*?[]!~^`%@ '));
      const option = fc.oneof(
        fc.string({ unit: one, maxLength: 12 }),
        fc.constantFrom('a="b c"', '${d}', 'if', 'function'),
      );
      const options = fc.array(option, { maxLength: 12 }).map((list) => list.join(' '));
      fc.assert(
        fc.property(options, (kernelOptions) => {
          const more = { kernelUrl: '', initrdUrl: '', imageUrl: undefined, distroTreeId: undefined };
          const netboot = { ...more, kernelOptions: `devicetree=/x;$y ${kernelOptions}`, arch: 'aarch64' };
          const boot = describeBoot(netboot, { fqdn: 'a.lab', address: '10.0.0.1', zpxeUsesFtp: true });
          writeFileSync(dir.file('grub.cfg'), grub2Config(boot));
          execFileSync('grub-script-check', [dir.file('grub.cfg')]);
        }),
        { numRuns: 200 },
      );
    } finally {
      dir.remove();
    }
  });
});

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { entriesFor } from '../../../src/actions/netboot/boot-loaders.ts';
import { describeBoot } from '../../../src/actions/netboot/boot.ts';
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
});

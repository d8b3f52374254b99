import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { tempDir } from '../../helpers/temp-dir.ts';

describe('the DHCP example of docs/netboot.md', () => {
  it('is what dnsmasq can read', () => {
    const text = readFileSync(new URL('../../../docs/netboot.md', import.meta.url), 'utf8');
    const [, example = ''] = /```\n(dhcp-match[^`]*)```/.exec(text) ?? [];
    expect(example).toContain('dhcp-boot=tag:bios,pxelinux.0');
    const dir = tempDir();
    try {
      writeFileSync(dir.file('dnsmasq.conf'), example);
      const args = ['--test', `--conf-file=${dir.file('dnsmasq.conf')}`];
      expect(() => execFileSync('dnsmasq', args, { stdio: 'pipe' })).not.toThrow();
    } finally {
      dir.remove();
    }
  });
});

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { copySyslinuxFiles } from '../../../../src/actions/netboot/syslinux-files.ts';
import { type LogLine, recordingLogger } from '../../../helpers/recording-logger.ts';
import { tempDir, type TempDir } from '../../../helpers/temp-dir.ts';

describe("the host's syslinux", () => {
  let dir: TempDir;
  let lines: LogLine[];

  beforeEach(() => {
    dir = tempDir();
    lines = [];
  });
  afterEach(() => dir.remove());

  const write = (name: string, text: string): void => {
    mkdirSync(dirname(dir.file(name)), { recursive: true });
    writeFileSync(dir.file(name), text);
  };
  const copy = (): Promise<void> =>
    copySyslinuxFiles(dir.file('tftp'), recordingLogger(lines), [
      [dir.file('debian/PXELINUX'), dir.file('debian/modules')],
      [dir.file('fedora')],
    ]);
  const text = (name: string): string => readFileSync(dir.file(`tftp/${name}`), 'utf8');

  it('is copied into a root that lacks it, with what it cannot start without', async () => {
    write('debian/PXELINUX/pxelinux.0', 'loader');
    for (const name of ['menu.c32', 'ldlinux.c32', 'libutil.c32']) write(`debian/modules/${name}`, name);
    await copy();
    const names = readdirSync(dir.file('tftp')).filter((name) => !name.startsWith('.'));
    expect(names.sort()).toEqual(['ldlinux.c32', 'libutil.c32', 'menu.c32', 'pxelinux.0']);
    // The loader last: a kill between leaves nothing that seems whole.
    expect(lines.at(-1)).toMatchObject({ facts: { to: dir.file('tftp/pxelinux.0') } });
    expect(text('pxelinux.0')).toBe('loader');
  });

  it('leaves alone what an admin has put there', async () => {
    write('fedora/pxelinux.0', 'loader');
    write('fedora/menu.c32', 'menu');
    write('tftp/pxelinux.0', "the admin's");
    await copy();
    expect([text('pxelinux.0'), text('menu.c32')]).toEqual(["the admin's", 'menu']);
  });

  it('need not be there', async () => {
    mkdirSync(dir.file('tftp'));
    await copy();
    expect(readdirSync(dir.file('tftp'))).toEqual([]);
    expect(lines).toMatchObject([{ level: 'debug' }]);
  });

  it('is warned about when it cannot be copied, which keeps nobody from working', async () => {
    write('fedora/pxelinux.0', 'loader');
    write('tftp', 'a file');
    await copy();
    expect(lines).toMatchObject([{ level: 'warn', event: 'boot loader cannot be copied' }]);
  });
});

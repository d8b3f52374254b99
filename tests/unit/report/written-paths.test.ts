import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { journalInDir, type JournalInDir } from '../../helpers/journal-in-dir.ts';

describe('the written paths of a journal', () => {
  let dir: JournalInDir;

  beforeEach(() => {
    dir = journalInDir();
  });
  afterEach(() => dir.remove());

  it('are remembered across a restart, whatever the case of the name', () => {
    dir.journal.writtenPaths.add('Sys1.lab.test', ['pxelinux.cfg/0A000001', 'ipxe/0a000001']);
    expect(dir.reopen().writtenPaths.of('sys1.LAB.test')).toEqual(['ipxe/0a000001', 'pxelinux.cfg/0A000001']);
  });

  it('belong to the system that wrote them last, since its boot must not be cleared with another', () => {
    const { writtenPaths } = dir.journal;
    writtenPaths.add('sys1.lab.test', ['pxelinux.cfg/0A000001', 's390x/s_sys1.lab.test']);
    writtenPaths.add('sys2.lab.test', ['pxelinux.cfg/0A000001']);
    // Not written yet: that may still fail.
    expect(writtenPaths.of('sys1.lab.test')).toHaveLength(2);
    writtenPaths.keepOnly('sys2.lab.test', ['pxelinux.cfg/0A000001']);
    expect(writtenPaths.of('sys1.lab.test')).toEqual(['s390x/s_sys1.lab.test']);
    expect(writtenPaths.of('sys2.lab.test')).toEqual(['pxelinux.cfg/0A000001']);
  });

  it('are forgotten but for those that are there still', () => {
    const { writtenPaths } = dir.journal;
    writtenPaths.add('sys1.lab.test', ['a', 'b', 'c']);
    writtenPaths.add('sys2.lab.test', ['d']);
    writtenPaths.keepOnly('sys1.lab.test', ['b']);
    expect(writtenPaths.of('sys1.lab.test')).toEqual(['b']);
    writtenPaths.keepOnly('sys1.lab.test', []);
    expect(writtenPaths.of('sys1.lab.test')).toEqual([]);
    expect(writtenPaths.of('sys2.lab.test')).toEqual(['d']);
  });
});

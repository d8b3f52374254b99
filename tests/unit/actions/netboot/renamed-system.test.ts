import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { clearNetboot } from '../../../../src/actions/clear-netboot.ts';
import { configureNetboot } from '../../../../src/actions/configure-netboot.ts';
import type { ActionContext } from '../../../../src/actions/action-context.ts';
import { GOLDEN_IMAGES } from '../../../helpers/golden-netboot.ts';
import { netbootCommand } from '../../../helpers/netboot-command.ts';
import { netbootLab, type NetbootLab } from '../../../helpers/netboot-lab.ts';
import { type LogLine, recordingLogger } from '../../../helpers/recording-logger.ts';
import { readTree } from '../../../helpers/tree.ts';

const [OLD, NEW] = ['old.lab.test', 'new.lab.test'];
const OWN_LOADER = { kernel_options: 'netbootloader=a/b' };

describe('a system of a new name at the address of an old one', () => {
  let lab: NetbootLab;
  let lines: LogLine[];
  let left: string[];

  beforeEach(async () => {
    lab = netbootLab(GOLDEN_IMAGES);
    lines = [];
    left = [];
    lab.addresses.set(OLD, '10.0.0.1');
    await configureNetboot(netbootCommand(OLD, OWN_LOADER), lab.context());
  });
  afterEach(() => lab.remove());

  const rename = (): void => {
    lab.addresses.delete(OLD);
    lab.addresses.set(NEW, '10.0.0.1');
  };
  const logged = (context = lab.context()): ActionContext => ({
    ...context,
    log: recordingLogger(lines),
    onLeft: (what) => left.push(what),
  });
  /** The system's files, by either name or the address; not the index that a zPXE guest keeps. */
  const files = (): readonly string[] =>
    Object.keys(readTree(lab.root)).filter((path) => /0A000001|old\.lab|new\.lab/i.test(path));
  const warnings = (): readonly LogLine[] => lines.filter(({ level }) => level === 'warn');

  it('is cleared of what was written under the old name, which is known no more', async () => {
    rename();
    await clearNetboot({ fqdn: NEW }, logged());
    expect(files()).toEqual([]);
    expect(warnings()).toEqual([]);
    expect(left).toEqual([]);
    expect(lines).toMatchObject([{ event: 'netboot cleared', facts: { formerNames: [OLD] } }]);
    expect(lab.context().netboot.writtenPaths.of(OLD)).toEqual([]);
  });

  it('is cleared as well by a worker that has written nothing', async () => {
    rename();
    await clearNetboot({ fqdn: NEW }, lab.contextOfAnotherWorker());
    expect(files()).toEqual([]);
  });

  it('is cleared of what was written under its name in another case, by whichever worker', async () => {
    const upper = OLD.toUpperCase();
    lab.addresses.set(upper, '10.0.0.1');
    await clearNetboot({ fqdn: upper }, lab.contextOfAnotherWorker());
    expect(files()).toEqual([]);
  });

  it('takes over what was written under its name in another case, and remembers it', async () => {
    const upper = OLD.toUpperCase();
    lab.addresses.set(upper, '10.0.0.1');
    await configureNetboot(netbootCommand(upper, OWN_LOADER), lab.context());
    expect(files().filter((path) => path.includes(OLD))).toEqual([]);
    expect(lab.context().netboot.writtenPaths.of(OLD)).toContain(`images/${upper}/kernel`);
  });

  it('keeps what goes by the old name alone when that has another address now', async () => {
    rename();
    lab.addresses.set(OLD, '10.0.0.2');
    await clearNetboot({ fqdn: NEW }, logged());
    expect(files()).toEqual([
      `bootloader/${OLD}/grub.cfg`,
      `bootloader/${OLD}/image`,
      `bootloader/${OLD}/ipxe/default`,
      `bootloader/${OLD}/petitboot.cfg`,
      `bootloader/${OLD}/pxelinux.cfg/default`,
      `images/${OLD}/initrd`,
      `images/${OLD}/kernel`,
    ]);
  });

  it('leaves the files of the other name, and says so, while that has the address as well', async () => {
    lab.addresses.set(NEW, '10.0.0.1');
    const before = readTree(lab.root);
    await clearNetboot({ fqdn: NEW }, logged());
    expect(readTree(lab.root)).toEqual(before);
    expect(warnings()).toMatchObject([
      {
        event: 'netboot files left in place',
        facts: {
          paths: expect.arrayContaining(['pxelinux.cfg/0A000001']),
          reasons: [`${OLD} has that address as well`],
        },
      },
    ]);
    expect(left).toEqual([
      expect.stringMatching(
        /^netboot files left in place: pxelinux\.cfg\/0A000001 and \d+ more: old\.lab\.test has that address as well$/,
      ),
    ]);
  });

  it('leaves the files of the other name, and says so, when the name service does not answer for that', async () => {
    lab.addresses.set(NEW, '10.0.0.1');
    lab.unanswered.add(OLD);
    const before = readTree(lab.root);
    await clearNetboot({ fqdn: NEW }, logged());
    expect(readTree(lab.root)).toEqual(before);
    expect(warnings()).toMatchObject([{ facts: { reasons: [expect.stringContaining('EAI_AGAIN')] } }]);
  });

  it.each([
    ['is known no more', () => lab.addresses.delete(OLD)],
    ['has another address', () => lab.addresses.set(OLD, '10.0.0.2')],
    ['has the address as well', () => undefined],
    ['cannot be looked up', () => lab.unanswered.add(OLD)],
  ])(
    'takes over all that goes by the address when it is configured and the old name %s',
    async (_what, spoil) => {
      await configureNetboot(netbootCommand(OLD, { arch: 'ppc64le', ...OWN_LOADER }), lab.context());
      lab.addresses.set(NEW, '10.0.0.1');
      spoil();
      await configureNetboot(netbootCommand(NEW), lab.context());
      const tree = readTree(lab.root);
      const texts = Object.entries(tree).filter(([path]) => /0A000001/i.test(path));
      expect(texts.filter(([, node]) => JSON.stringify(node).includes(OLD))).toEqual([]);
      expect(Object.keys(tree)).not.toContain('ppc/grub.cfg-0A000001');
      expect(Object.keys(tree)).not.toContain(`bootloader/${OLD}/grub.cfg-0a000001`);
      await clearNetboot({ fqdn: NEW }, lab.context());
      expect(files().filter((path) => /0A000001/i.test(path))).toEqual([]);
    },
  );

  it('does not lose its files when the old name is cleared late', async () => {
    rename();
    await configureNetboot(netbootCommand(NEW), lab.contextOfAnotherWorker());
    const before = readTree(lab.root);
    await clearNetboot({ fqdn: OLD }, lab.context());
    expect(readTree(lab.root)).toEqual(before);
  });
});

describe('a system that has got another address twice', () => {
  let lab: NetbootLab;

  beforeEach(async () => {
    lab = netbootLab(GOLDEN_IMAGES);
    lab.addresses.set(NEW, '10.0.0.1');
    await configureNetboot(netbootCommand(NEW), lab.context());
    lab.addresses.set(NEW, '10.0.0.2');
    await configureNetboot(netbootCommand(NEW), lab.contextOfAnotherWorker());
    lab.addresses.set(NEW, '10.0.0.3');
  });
  afterEach(() => lab.remove());

  const files = (): readonly string[] =>
    Object.keys(readTree(lab.root)).filter((path) => /0A00000[12]/i.test(path));

  it('is cleared at the one that only another worker has heard of', async () => {
    await clearNetboot({ fqdn: NEW }, lab.context());
    expect(files()).toEqual([]);
  });

  it('boots by none of the former ones once it is configured', async () => {
    await configureNetboot(netbootCommand(NEW), lab.context());
    expect(files()).toEqual([]);
  });
});

describe('clearing while the name service does not answer', () => {
  let lab: NetbootLab;
  let lines: LogLine[];

  beforeEach(async () => {
    lab = netbootLab(GOLDEN_IMAGES);
    lines = [];
    lab.addresses.set(OLD, '10.0.0.1');
    await configureNetboot(netbootCommand(OLD, OWN_LOADER), lab.context());
    lab.unanswered.add(OLD);
  });
  afterEach(() => lab.remove());

  it('takes away what this worker wrote', async () => {
    await clearNetboot({ fqdn: OLD }, { ...lab.context(), log: recordingLogger(lines) });
    expect(Object.keys(readTree(lab.root)).filter((path) => /0A000001|old\.lab/i.test(path))).toEqual([]);
    expect(lines.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  it('leaves what another worker wrote, and says so', async () => {
    const before = readTree(lab.root);
    await clearNetboot({ fqdn: OLD }, { ...lab.contextOfAnotherWorker(), log: recordingLogger(lines) });
    expect(readTree(lab.root)).toEqual(before);
    expect(lines.filter(({ level }) => level === 'warn')).toMatchObject([
      {
        event: 'netboot files left in place',
        facts: {
          paths: expect.arrayContaining(['pxelinux.cfg/0A000001', `images/${OLD}/kernel`]),
          reasons: [expect.stringMatching(/the name service does not answer.*EAI_AGAIN/)],
        },
      },
    ]);
  });
});

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MARKER } from '../../src/demo/machine/test-system.ts';
import {
  type BootLab,
  type BootMachine,
  installGrub,
  installGrubForArm,
  openBootLab,
} from '../helpers/boot-lab.ts';
import { type Lab, openLab } from '../helpers/lab.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const BOOT_MS = 200_000;

/** Options full of signs that one boot loader or another has a meaning of its own for. */
const ODD = 'a=;&|$#{}<>()*?[]!~^`%@, #b || && ; { } [[ ]] if $c -n --m ${d e} f="g  h" é=ü€';
/** As GRUB gives them to the kernel, which reads the same: it has quotes of its own. */
const ODD_BY_GRUB = ODD.replace('f="g  h"', '"f=g  h"');
/** More of them, which GRUB changes: they are refused for machines that may come up by GRUB. */
const ODDER = String.raw`${ODD} i=it's\x20 j"=k l"m`;

/** Kinds of machine, the file that DHCP names for each, and what its boot loader calls itself. */
const MACHINES = [
  { address: '192.168.77.15', bootFile: '/pxelinux.0', firmware: 'bios', arch: 'i386', method: 'pxe' },
  { address: '192.168.78.16', bootFile: '/ipxe/c0a84e10', firmware: 'bios', arch: 'i386', method: 'ipxe' },
  {
    address: '192.168.79.17',
    bootFile: '/EFI/BOOT/grubx64.efi',
    firmware: 'uefi',
    arch: 'x86_64',
    method: 'grub2',
  },
  {
    address: '192.168.80.18',
    bootFile: '/aarch64/bootaa64.efi',
    firmware: 'aarch64',
    arch: 'aarch64',
    method: 'grub2',
  },
] as const;

// From the hub's command to what the machine says: nothing between is replaced, but that the machine is emulated.
describe('a machine that is provisioned', () => {
  let lab: Lab;
  let boots: BootLab;

  beforeEach(async () => {
    [lab, boots] = await Promise.all([openLab(), openBootLab()]);
    lab.startWorker({ TFTP_ROOT: boots.tftpRoot, CONSOLE_LOGS: boots.consoles });
  }, BOOT_MS);
  afterEach(async () => {
    await lab.close();
    await boots.close();
  });

  let lastId = 0;
  /** Queues what a recipe queues; gives the ids. */
  function queue(
    { fqdn, power }: BootMachine,
    actions: readonly string[],
    options = '',
    arch = 'x86_64',
  ): readonly number[] {
    return actions.map((action) => {
      lastId += 1;
      const isPower = action === 'on' || action === 'off';
      const netboot = {
        arch,
        ...boots.imagesOf(arch === 'aarch64' ? 'arm64' : 'amd64'),
        kernel_options: options,
      };
      lab.hub.queue({
        ...{ id: lastId, action, fqdn, delay: 0, quiescent_period: null },
        ...(isPower && { power }),
        ...(action === 'configure_netboot' && { netboot }),
      });
      return lastId;
    });
  }
  const statuses = (ids: readonly number[]): readonly unknown[] =>
    ids.map((id) => lab.hub.latest(id)?.status ?? 'Queued');
  async function untilCompleted(ids: readonly number[]): Promise<void> {
    const isOver = (status: unknown): boolean => status !== 'Queued' && status !== 'Running';
    await waitUntil(() => statuses(ids).every(isOver), { timeoutMs: BOOT_MS, what: 'ends of all commands' });
    expect(ids.map((id) => lab.hub.latest(id))).toEqual(
      ids.map((id) => expect.objectContaining({ id, status: 'Completed' })),
    );
  }

  it(
    'boots the installer with its options byte for byte, by PXELINUX, iPXE, and GRUB on x86_64 and aarch64, and its own disk when it is cleared',
    async () => {
      installGrub(boots.tftpRoot);
      await installGrubForArm(boots.tftpRoot);
      await waitUntil(() => readdirSync(boots.tftpRoot).includes('pxelinux.0'));
      const machines = await Promise.all(MACHINES.map((machine) => boots.addMachine(machine)));
      const queued = machines.flatMap((machine, index) => {
        writeFileSync(join(boots.consoles, machine.fqdn), 'of an earlier recipe');
        const { arch, method } = MACHINES[index] ?? {};
        const options = method === 'grub2' ? ODD : ODDER;
        const recipe = ['clear_logs', 'configure_netboot', 'off', 'on'];
        const console = arch === 'aarch64' ? 'ttyAMA0' : 'ttyS0';
        return queue(machine, recipe, `console=${console} recipe=${machine.fqdn} ${options}`, arch);
      });
      await untilCompleted(queued);
      const said = (machine: BootMachine): string | undefined =>
        machine
          .console()
          .split('\n')
          .find((line) => line.includes(MARKER) && line.endsWith('\r'))
          ?.trim();
      for (const [index, machine] of machines.entries()) {
        const { method = '' } = MACHINES[index] ?? {};
        const given = method === 'grub2' ? ODD_BY_GRUB : ODDER;
        const line = await waitUntil(() => said(machine), {
          timeoutMs: BOOT_MS,
          what: `the installer by ${method}`,
        });
        const expected = `recipe=${machine.fqdn} ${given} netboot_method=${method}`;
        // The console's bytes, each as a character.
        expect(line).toContain(Buffer.from(expected).toString('latin1'));
        expect(machine.console()).not.toContain('of an earlier recipe');
      }
      // Three of them at once, and each image fetched once.
      expect(boots.images.sent('/amd64/vmlinuz')).toBe(1);

      const [bios] = machines;
      if (bios === undefined) throw new Error('expected machines');

      await untilCompleted(queue(bios, ['clear_logs', 'clear_netboot', 'off', 'on']));
      await waitUntil(() => /No bootable device|Booting from Hard Disk/.test(bios.console()), {
        timeoutMs: BOOT_MS,
        what: 'the way to its own disk',
      });
      expect(said(bios)).toBeUndefined();
    },
    BOOT_MS,
  );
});

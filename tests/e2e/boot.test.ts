import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MARKER } from '../../src/demo/machine/test-system.ts';
import { type BootLab, type BootMachine, installGrub, openBootLab } from '../helpers/boot-lab.ts';
import { type Lab, openLab } from '../helpers/lab.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const BOOT_MS = 150_000;

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
  function queue({ fqdn, power }: BootMachine, actions: readonly string[], options = ''): readonly number[] {
    return actions.map((action) => {
      lastId += 1;
      const isPower = action === 'on' || action === 'off';
      const netboot = {
        arch: 'x86_64',
        kernel_url: boots.kernelUrl,
        initrd_url: boots.initrdUrl,
        kernel_options: `console=ttyS0 ${options}`,
      };
      lab.hub.queue({
        ...{ id: lastId, action, fqdn, delay: 0, quiescent_period: null },
        ...(isPower && { power }),
        ...(action === 'configure_netboot' && { netboot }),
      });
      return lastId;
    });
  }
  const provision = (machine: BootMachine, options = ''): readonly number[] =>
    queue(machine, ['clear_logs', 'configure_netboot', 'off', 'on'], options);

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
    'boots the installer with its options, by PXELINUX, iPXE and GRUB, and its own disk when it is cleared',
    async () => {
      installGrub(boots.tftpRoot);
      await waitUntil(() => readdirSync(boots.tftpRoot).includes('pxelinux.0'));
      const [bios, ipxe, uefi] = await Promise.all([
        boots.addMachine({ address: '192.168.77.15', bootFile: '/pxelinux.0', firmware: 'bios' }),
        boots.addMachine({ address: '192.168.78.16', bootFile: '/ipxe/c0a84e10', firmware: 'bios' }),
        boots.addMachine({ address: '192.168.79.17', bootFile: '/EFI/BOOT/grubx64.efi', firmware: 'uefi' }),
      ]);
      for (const { fqdn } of [bios, ipxe, uefi])
        writeFileSync(join(boots.consoles, fqdn), 'of an earlier recipe');
      const queued = [bios, ipxe, uefi].flatMap((machine) => provision(machine, `recipe=${machine.fqdn}`));
      await untilCompleted(queued);
      const said = (machine: BootMachine): string | undefined =>
        machine
          .console()
          .split('\n')
          .find((line) => line.includes(MARKER))
          ?.trim();
      for (const [machine, method] of [
        [bios, 'pxe'],
        [ipxe, 'ipxe'],
        [uefi, 'grub2'],
      ] as const) {
        const line = await waitUntil(() => said(machine), {
          timeoutMs: BOOT_MS,
          what: `the installer by ${method}`,
        });
        expect(line).toContain(`console=ttyS0 recipe=${machine.fqdn} netboot_method=${method}`);
        expect(machine.console()).not.toContain('of an earlier recipe');
      }
      // All three at once, and each image fetched once.
      expect(boots.images.sent('/vmlinuz')).toBe(1);

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

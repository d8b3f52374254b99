import { dirname } from 'node:path';

/** A machine without a disk, which boots from the network. */
export interface VirtualMachine {
  /** What DHCP gives it. The other addresses of its /24 are its own little world, in which qemu plays DHCP and TFTP server. */
  readonly address: string;
  /** What the TFTP server serves, and the file that DHCP names. */
  readonly tftpRoot: string;
  readonly bootFile: string;
  readonly firmware: 'bios' | 'uefi' | 'aarch64';
  /** Where its serial console is written to, after what is there. */
  readonly console: string;
}

/**
 * A chassis for `ipmi_sim`: a script that switches the machine on and off and says which it is. It is called with `get NAME…` or
 * `set NAME VALUE`, and keeps its state beside itself.
 */
export function chassisScript(path: string, machine: VirtualMachine): string {
  const pidFile = `${dirname(path)}/qemu.pid`;
  const on = [...qemuCommand(machine), '-daemonize', '-pidfile', pidFile].map(quoted).join(' ');
  return `#!/bin/sh
pid_file=${quoted(pidFile)}
runs() {
    [ -s "$pid_file" ] && kill -0 "$(cat "$pid_file")" 2>/dev/null
}
case "$1 $2 $3" in
    'set power 1') runs || ${on} ;;
    'set power 0' | 'set shutdown 1') runs && kill -KILL "$(cat "$pid_file")" && rm -f "$pid_file" ;;
    get*)
        shift
        for name; do
            value=0
            [ "$name" = power ] && runs && value=1
            echo "$name:$value"
        done
        ;;
esac
exit 0
`;
}

/** How qemu is called to switch the machine on. It emulates the processor: nothing of the host is needed. */
function qemuCommand({ address, tftpRoot, bootFile, firmware, console }: VirtualMachine): readonly string[] {
  const network = `${address.replace(/\d+$/, '0')}/24`;
  const user = `user,id=n0,net=${network},dhcpstart=${address},tftp=${tftpRoot},bootfile=${bootFile}`;
  return [
    ...HARDWARE[firmware],
    ...['-accel', 'tcg', '-m', '512', '-display', 'none', '-monitor', 'none', '-no-reboot', '-boot', 'n'],
    ...['-chardev', `file,id=c0,path=${console},append=on`, '-serial', 'chardev:c0', '-netdev', user],
  ];
}

// Without a picture, the BIOS talks on the serial console.
const PC = ['qemu-system-x86_64', '-machine', 'pc,graphics=off', '-device', 'virtio-net-pci,netdev=n0'];
const OVMF = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const EFI_AARCH64 = '/usr/share/qemu-efi-aarch64/QEMU_EFI.fd';

const HARDWARE: Readonly<Record<VirtualMachine['firmware'], readonly string[]>> = {
  bios: PC,
  uefi: [...PC, '-drive', `if=pflash,format=raw,readonly=on,file=${OVMF}`],
  aarch64: [
    ...['qemu-system-aarch64', '-machine', 'virt', '-cpu', 'cortex-a57', '-bios', EFI_AARCH64],
    // The card's own boot code is for PCs.
    ...['-device', 'virtio-net-pci,netdev=n0,romfile='],
  ],
};

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

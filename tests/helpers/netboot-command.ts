import { type Command, decodeCommand } from '../../src/command.ts';

/** A `configure_netboot` for the system, of x86_64 unless these members say otherwise; its images are of the golden trees. */
export function netbootCommand(fqdn: string, netboot: object = {}): Command {
  const plain = {
    arch: 'x86_64',
    kernel_url: 'http://distros.test/vmlinuz',
    initrd_url: 'http://distros.test/initrd.img',
    kernel_options: 'quiet',
  };
  return decodeCommand({ id: 1, action: 'configure_netboot', fqdn, netboot: { ...plain, ...netboot } });
}

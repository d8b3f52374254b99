import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { type Command, decodeCommand } from '../../src/command.ts';
import type { Tree } from './tree.ts';

/** What Beaker's own daemon made of a command: the tree before and after it. */
export interface GoldenNetboot {
  readonly name: string;
  readonly command: Command;
  /** The system's address. */
  readonly ip: string;
  readonly zpxeUseFtp: boolean;
  readonly before: Tree;
  readonly tree: Tree;
}

/** What the images' servers served when the golden trees were made, by the end of the URL. */
export const GOLDEN_IMAGES: Readonly<Record<string, string>> = {
  vmlinuz: 'KERNEL\n',
  'initrd.img': 'INITRD\n',
  'loader.efi': 'LOADER\n',
};

const FOLDER = new URL('../fixtures/golden/netboot/', import.meta.url);

const node = z.union([z.object({ file: z.string() }), z.object({ link: z.string() })]);
const schema = z.object({
  fqdn: z.string(),
  ip: z.string(),
  config: z.object({ ZPXE_USE_FTP: z.boolean().default(true) }),
  before: z.record(z.string(), z.string()),
  netboot: z.unknown(),
  tree: z.record(z.string(), node),
});

/** All golden trees. */
export function goldenNetboots(): readonly GoldenNetboot[] {
  return readdirSync(FOLDER).map((name) => {
    const { fqdn, ip, config, before, netboot, tree } = schema.parse(
      JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')),
    );
    return {
      name: name.replace('.json', ''),
      command: decodeCommand({ id: 1, action: 'configure_netboot', fqdn, netboot }),
      ip,
      zpxeUseFtp: config.ZPXE_USE_FTP,
      before: Object.fromEntries(Object.entries(before).map(([path, text]) => [path, { file: text }])),
      tree,
    };
  });
}

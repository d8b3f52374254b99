import { randomBytes } from 'node:crypto';

import { lookup } from 'node:dns/promises';
import { mkdir, symlink, writeFile, link } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { ImageStore } from '../src/actions/netboot/images/image-store.ts';
import { NameService } from '../src/actions/netboot/name-service.ts';
import { OWN_DIRECTORY } from '../src/actions/netboot/make-directories.ts';
import { runAction } from '../src/actions/run-action.ts';
import { type Command, decodeCommand } from '../src/command.ts';
import { Journal } from '../src/report/journal.ts';
import { actionContext } from '../tests/helpers/action-context.ts';
import { tempDir } from '../tests/helpers/temp-dir.ts';
import { readTree } from '../tests/helpers/tree.ts';
import { median, round } from './lib/statistics.ts';
import { type AtEnd, withCleanup } from './lib/with-cleanup.ts';
import { writeResults } from './lib/write-results.ts';

/*
 * What it costs to write the boot files of a system, beside a loop that writes the same files with nothing around it; and what it costs to
 * set up many systems at once with one tree, beside fetching its images once.
 */

const SYSTEMS = 500;
const AT_ONCE = 50;
const ROUNDS = 3;
const INSTALLS = 200;
const IMAGE_MB = { kernel: 12, initrd: 88 };
const MB = 1_000_000;

interface BenchLab {
  readonly root: string;
  readonly configure: (index: number) => Promise<void>;
  /** Bytes sent by the server of images so far. */
  readonly sentBytes: () => number;
}

const results = await withCleanup(async (atEnd) => {
  const rounds: { configured: number; raw: number }[] = [];
  for (let nth = 0; nth < ROUNDS; nth += 1) rounds.push(await writing(atEnd));
  const [configured, raw] = [
    median(rounds.map((one) => one.configured)),
    median(rounds.map((one) => one.raw)),
  ];
  return {
    writing: { systems: SYSTEMS, atOnce: AT_ONCE, configured, raw },
    installing: await installing(atEnd),
  };
});

const { writing: written, installing: installed } = results;
console.table([
  {
    what: 'systems configured a second',
    here: round(written.configured),
    'raw loop': round(written.raw),
    part: round(written.configured / written.raw, 2),
  },
]);
console.table([
  {
    what: `${INSTALLS} systems, one tree of ${installed.treeMb} MB`,
    'MB fetched': installed.fetchedMb,
    seconds: installed.seconds,
    'one fetch alone, seconds': installed.oneFetchS,
  },
]);
writeResults(
  'netboot',
  `${round(written.configured)} systems configured a second, ${round(written.configured / written.raw, 2)} of a raw loop; ` +
    `${INSTALLS} systems with one ${installed.treeMb} MB tree: ${installed.fetchedMb} MB fetched in ${installed.seconds} s`,
  results,
);

/** Systems a second, with images that are there already: all that is left is to write. */
async function writing(atEnd: AtEnd): Promise<{ configured: number; raw: number }> {
  const lab = await openLab(atEnd, { kernel: 0.001, initrd: 0.001 });
  await lab.configure(0);
  const tree = Object.entries(readTree(lab.root));
  const names = Array.from({ length: SYSTEMS }, (_, index) => index + 1);
  const startedAt = performance.now();
  await inTurns(names, (index) => lab.configure(index));
  const configuredMs = performance.now() - startedAt;
  const raw = tempDir();
  atEnd(raw.remove);
  const rawStartedAt = performance.now();
  await inTurns(names, async (index) => {
    for (const [path, node] of tree) {
      const place = join(raw.path, String(index), path);
      await mkdir(dirname(place), { recursive: true });
      if ('link' in node) await symlink(node.link, place);
      else if (path.startsWith('images/')) await link(join(lab.root, path), place);
      else await writeFile(place, node.file);
    }
  });
  const rawMs = performance.now() - rawStartedAt;
  return { configured: (SYSTEMS * 1000) / configuredMs, raw: (SYSTEMS * 1000) / rawMs };
}

/** As many at once as a worker runs. */
async function inTurns(indices: readonly number[], work: (index: number) => Promise<void>): Promise<void> {
  const waiting = indices.values();
  const worker = async (): Promise<void> => {
    for (const index of waiting) await work(index);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function installing(atEnd: AtEnd) {
  const alone = await openLab(atEnd, IMAGE_MB);
  const aloneStartedAt = performance.now();
  await alone.configure(0);
  const oneFetchS = (performance.now() - aloneStartedAt) / 1000;
  const lab = await openLab(atEnd, IMAGE_MB);
  const startedAt = performance.now();
  await inTurns(
    Array.from({ length: INSTALLS }, (_, index) => index),
    (index) => lab.configure(index),
  );
  return {
    systems: INSTALLS,
    treeMb: IMAGE_MB.kernel + IMAGE_MB.initrd,
    fetchedMb: round(lab.sentBytes() / MB),
    seconds: round((performance.now() - startedAt) / 1000),
    oneFetchS: round(oneFetchS),
  };
}

/** A TFTP root, a server with a tree of images of this size, and a journal. */
async function openLab(atEnd: AtEnd, sizeMb: { kernel: number; initrd: number }): Promise<BenchLab> {
  const dir = tempDir();
  atEnd(dir.remove);
  const images = new Map<string, Buffer>(
    Object.entries(sizeMb).map(([name, size]) => [`/${name}`, randomBytes(Math.round(size * MB))]),
  );
  let sentBytes = 0;
  const server = createServer(({ url, headers }, response) => {
    const content = images.get(url ?? '');
    const isKnown = headers['if-none-match'] === '"1"';
    if (content === undefined || isKnown) return response.writeHead(isKnown ? 304 : 404).end();
    sentBytes += content.length;
    return response.writeHead(200, { etag: '"1"', 'content-length': content.length }).end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const root = dir.file('tftp');
  const store = new ImageStore({
    dir: join(root, OWN_DIRECTORY, 'images'),
    cacheBytes: 10_000 * MB,
    maxImageBytes: 1_000 * MB,
    idleTimeoutMs: 30_000,
    deadlineMs: 100_000,
    caCert: undefined,
    sslVerify: true,
    environment: {},
    lookup,
  });
  atEnd(() => store.close());
  const journal = new Journal(dir.file('state'));
  atEnd(() => journal.close());
  const context = actionContext({
    settings: { tftpRoot: root },
    netboot: {
      images: store,
      writtenPaths: journal.writtenPaths,
      lookup: new NameService({ threads: 1 }).lookup,
    },
  });
  return {
    root,
    sentBytes: () => sentBytes,
    configure: (index) => runAction(configureCommand(index, `http://127.0.0.1:${port}`), context),
  };
}

/** The system's name is its address, so that no name service is asked. */
function configureCommand(index: number, url: string): Command {
  return decodeCommand({
    id: index + 1,
    action: 'configure_netboot',
    fqdn: `10.0.${Math.floor(index / 250)}.${(index % 250) + 1}`,
    netboot: {
      arch: 'x86_64',
      kernel_url: `${url}/kernel`,
      initrd_url: `${url}/initrd`,
      kernel_options: 'console=ttyS0,115200 inst.ks=http://beaker.example.com/kickstart/7',
    },
  });
}

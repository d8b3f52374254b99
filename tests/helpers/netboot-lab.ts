import { mkdirSync, writeFileSync } from 'node:fs';
import type { ActionContext, WrittenPathsMemory } from '../../src/actions/action-context.ts';
import { CommandFailedError } from '../../src/errors.ts';
import { actionContext, rememberPaths } from './action-context.ts';
import { tempDir } from './temp-dir.ts';

/** A TFTP root, images to fetch, and a name service, for netboot actions. */
export interface NetbootLab {
  readonly root: string;
  /** What actions get here; with other settings. */
  context(settings?: Partial<ActionContext['settings']>): ActionContext;
  /** What actions of a worker get here that has written nothing so far. */
  contextOfAnotherWorker(): ActionContext;
  /** What the name service says; a name that is not here is unknown to it. */
  readonly addresses: Map<string, string>;
  /** Names of which the name service says nothing. */
  readonly unanswered: Set<string>;
  /** What is served, by the end of the URL. What is not here is not found. */
  readonly images: Map<string, string>;
  remove(): void;
}

/** Opens a lab in which these images are served. */
export function netbootLab(served: Readonly<Record<string, string>> = {}): NetbootLab {
  const dir = tempDir();
  const root = dir.file('tftp');
  mkdirSync(root);
  const addresses = new Map<string, string>();
  const unanswered = new Set<string>();
  const images = new Map(Object.entries(served));
  const ownPaths = rememberPaths();
  let fetched = 0;
  const contextWith = (
    writtenPaths: WrittenPathsMemory,
    settings: Partial<ActionContext['settings']> = {},
  ): ActionContext =>
    actionContext({
      settings: { tftpRoot: root, ...settings },
      netboot: {
        writtenPaths,
        lookup: (name, { family }) => {
          const address = family === 4 ? addresses.get(name) : undefined;
          const code = unanswered.has(name) ? 'EAI_AGAIN' : 'ENOTFOUND';
          return address === undefined || unanswered.has(name)
            ? Promise.reject(Object.assign(new Error(`getaddrinfo ${code} ${name}`), { code }))
            : Promise.resolve([{ address, family }]);
        },
        images: {
          withImage: async (url, _context, use) => {
            const text = images.get(url.split('/').at(-1) ?? '');
            if (text === undefined)
              throw new CommandFailedError(`${url}: not found`, { systemBroken: false });
            fetched += 1;
            const path = dir.file(`fetched-${fetched}`);
            writeFileSync(path, text);
            return use(path);
          },
        },
      },
    });
  return {
    root,
    addresses,
    unanswered,
    images,
    context: (settings) => contextWith(ownPaths, settings),
    contextOfAnotherWorker: () => contextWith(rememberPaths()),
    remove: () => dir.remove(),
  };
}

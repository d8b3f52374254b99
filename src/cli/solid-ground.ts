import { writeSync } from 'node:fs';
import * as inspector from 'node:inspector';

/** The oldest Node that runs this program, as package.json has it. */
export const OLDEST_NODE = '20.19';

/** Ends the process with 2 and a sentence when Node is too old: what is loaded next would end it with a riddle. */
export function refuseOldNode(): void {
  const { node } = process.versions;
  if (node.localeCompare(OLDEST_NODE, 'en', { numeric: true }) >= 0) return;
  writeSync(
    2,
    `beaker-provision: expected Node ${OLDEST_NODE} or later, found ${process.execPath}, ${node}\n`,
  );
  process.exit(2);
}

/** Goes to `/` when the working directory was deleted: no path could be made absolute there, and Node throws at each. */
export function leaveDeletedDirectory(): void {
  try {
    process.cwd();
  } catch {
    process.chdir('/');
  }
}

/** Closes the port of Node's debugger, which a SIGUSR1 before our first statement opens, and by which any user can run code here. */
export function closeDebugger({ NODE_OPTIONS = '' }: NodeJS.ProcessEnv): void {
  const words = [...process.execArgv, ...NODE_OPTIONS.split(/\s+/)];
  const isWanted = words.some((word) => /^--inspect(-brk|-wait)?(=|$)/.test(word));
  if (!isWanted && inspector.url() !== undefined) inspector.close();
}

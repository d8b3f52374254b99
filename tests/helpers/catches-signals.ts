import { readFileSync } from 'node:fs';
import { constants } from 'node:os';

/** Whether the process has a handler of its own for the signal by now. */
export function catchesSignal(pid: number, name: NodeJS.Signals): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return ((BigInt(`0x${caught}`) >> BigInt(constants.signals[name] - 1)) & 1n) === 1n;
}

import { readdirSync } from 'node:fs';

/** How many files, pipes and sockets this process has open. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

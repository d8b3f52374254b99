import type { Boot } from './boot.ts';
import type { TreeEntry } from './tree-entry.ts';

/** How one boot loader is told what a system boots. */
export interface BootLoader {
  /** The system's own files: replaced whenever it is configured, gone when it is cleared. Their paths depend on its names alone. */
  readonly own: (boot: Boot) => readonly TreeEntry[];
  /** What is there for the system alone and says nothing of what it boots: made when missing, taken away while it is unchanged. */
  readonly defaults?: (boot: Boot) => readonly TreeEntry[];
  /** What all systems share: made when missing, and an admin's to change. */
  readonly shared?: readonly TreeEntry[];
  /** What takes the place of the system's own files when it is cleared, where nothing at all would not do. */
  readonly cleared?: (fqdn: string) => readonly TreeEntry[];
}

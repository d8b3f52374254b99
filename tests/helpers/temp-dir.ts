import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory of a test's own, with these executable files in it. */
export interface TempDir {
  readonly path: string;
  readonly file: (name: string) => string;
  readonly remove: () => void;
}

/** Makes the directory and the files; `remove` it in the end. */
export function tempDir(scripts: Readonly<Record<string, string>> = {}): TempDir {
  const path = mkdtempSync(join(tmpdir(), 'beaker-provision-test-'));
  const file = (name: string): string => join(path, name);
  for (const [name, text] of Object.entries(scripts)) writeFileSync(file(name), text, { mode: 0o755 });
  return { path, file, remove: () => rmSync(path, { recursive: true, force: true }) };
}

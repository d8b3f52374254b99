import { fileURLToPath } from 'node:url';

/** The path of a power script that this project brings. */
export function bundledScript(type: string): string {
  return fileURLToPath(new URL(`../../power-scripts/${type}`, import.meta.url));
}

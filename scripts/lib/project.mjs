import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder: where package.json is. (Not `import.meta.dirname`: a Node too old for it must get to the version check.) */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The path of something in the project.
 * @param {string[]} parts
 */
export function inProject(...parts) {
  return join(root, ...parts);
}

/**
 * The path of a program that a dependency brings.
 * @param {string} name
 */
export function tool(name) {
  return inProject('node_modules', '.bin', name);
}

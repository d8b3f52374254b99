import { fileURLToPath } from 'node:url';

/** The folder of package.json. This file lies directly in `src`, and every file of the built program directly in `dist`. */
export const packageRoot = fileURLToPath(new URL('..', import.meta.url));

// Bundles src/ into dist/: `npm run build`, or `npm run build -- --force` even when nothing changed.
import { ensureDependencies } from './lib/dependencies.mjs';
import { ensureBuild } from './lib/dist.mjs';
import { ensureNodeVersion } from './lib/node-version.mjs';
import { script } from './lib/script.mjs';

await script(async (args) => {
  ensureNodeVersion();
  await ensureDependencies();
  return (await ensureBuild({ force: args.includes('--force') })) ? 0 : 1;
});

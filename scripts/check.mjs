// The inner loop: everything that needs nothing but Node. `npm run check`, or some of it: `npm run check lint types`.
import { runChecks } from './lib/checks.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { ensureNodeVersion } from './lib/node-version.mjs';
import { script } from './lib/script.mjs';

await script(async (args) => {
  ensureNodeVersion();
  await ensureDependencies();
  const verdicts = await runChecks(args.length > 0 ? args : undefined);
  return verdicts.every(({ failed }) => failed === 0) ? 0 : 1;
});

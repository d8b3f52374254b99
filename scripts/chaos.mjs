// A lab under faults: `npm run chaos -- --minutes 20 --seed 7`, or ten seeds in a row: `npm run chaos -- --runs 10`. See tests/chaos/main.ts.
import { ensureDebianPackages } from './lib/debian-packages.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { ensureBuild } from './lib/dist.mjs';
import { ensureNodeVersion } from './lib/node-version.mjs';
import { run } from './lib/run.mjs';
import { script } from './lib/script.mjs';

await script(async (args) => {
  ensureNodeVersion();
  await ensureDependencies();
  await ensureDebianPackages(['rabbitmq-server', 'faketime']);
  if (!(await ensureBuild())) return 1;
  return run(process.execPath, ['--import', './scripts/lib/ts-loader.mjs', 'tests/chaos/main.ts', ...args]);
});

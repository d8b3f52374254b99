// Shows the whole at work: `npm run demo`. Installs and builds what is missing; arguments go to the demo.
import { ensureDependencies } from './lib/dependencies.mjs';
import { ensureBuild } from './lib/dist.mjs';
import { ensureNodeVersion } from './lib/node-version.mjs';
import { inProject } from './lib/project.mjs';
import { run } from './lib/run.mjs';
import { script } from './lib/script.mjs';

await script(async (args) => {
  ensureNodeVersion();
  await ensureDependencies();
  if (!(await ensureBuild())) return 1;
  return run(process.execPath, [inProject('dist', 'cli.js'), 'demo', ...args]);
});

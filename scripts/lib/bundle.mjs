import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inProject, root } from './project.mjs';

/** @typedef {import('esbuild').Metafile} Metafile */

/** Packages with native code, which cannot be put into a file of ours; an installation has them in node_modules. */
const NATIVE = ['libsql', 'koffi'];

/**
 * Puts the program with the libraries that it uses into a few files, all directly in `folder`: `cli.js` is the entry, what a role alone needs
 * is loaded with that role. Names stay, so that stack traces can be read; positions in `src` are in the source maps
 * (NODE_OPTIONS=--enable-source-maps). Types are not checked here: `npm run check types` does that.
 * @param {string} folder
 * @returns {Promise<boolean>} Whether it was done; what is wrong is on the terminal.
 */
export async function bundle(folder) {
  // Not at the top: in a fresh clone these scripts are loaded before they install the packages.
  const { build } = await import('esbuild');
  try {
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: ['src/cli.ts'],
      outdir: folder,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node20.19',
      external: NATIVE,
      alias: {
        y18n: inProject('scripts/lib/untranslated.mjs'),
        'escalade/sync': inProject('scripts/lib/nothing-above.mjs'),
      },
      sourcemap: true,
      sourcesContent: false,
      legalComments: 'none',
      metafile: true,
      // CommonJS libraries ask for Node's own modules by `require`, which ES modules do not have.
      banner: {
        js: "import { createRequire as createRequireOfNode } from 'node:module';\nconst require = createRequireOfNode(import.meta.url);",
      },
      logLevel: 'warning',
    });
    writeFileSync(join(folder, 'THIRD-PARTY-LICENSES'), licencesOf(metafile));
    return true;
  } catch {
    // esbuild has said why.
    return false;
  }
}

/**
 * The licences of the libraries that are in the bundle, which all ask to go along with it.
 * @param {Metafile} metafile
 */
function licencesOf(metafile) {
  const folders = new Set(Object.keys(metafile.inputs).map(packageFolderOf));
  folders.delete(undefined);
  const texts = [...folders].sort().map((folder) => licenceOf(String(folder)));
  return `dist/ contains these libraries.\n\n${texts.join('\n')}`;
}

/** @param {string} path */
function packageFolderOf(path) {
  return /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
}

/** @param {string} folder */
function licenceOf(folder) {
  const path = inProject(folder);
  /** @type {{ name: string, version: string, license?: string }} */
  const {
    name,
    version,
    license = 'see below',
  } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  const files = readdirSync(path).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  const texts = files.map((file) => readFileSync(join(path, file), 'utf8').trim());
  return `=== ${name} ${version} (${license})\n\n${texts.join('\n\n')}\n`;
}

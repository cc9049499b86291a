import { basename } from 'node:path';
import { build } from 'rolldown';
import { writeCompiled } from './compiled.js';
import { writeModules } from './modules.js';
import { licences } from './distribution/licences.js';
import { writeOneFile } from './distribution/one-file.js';
import { smallYargs } from './distribution/small-yargs.js';
import { inRepository } from './paths.js';
import { writeViewerPage } from './viewer-page.js';

/*
 * The commands, and what their threads run, as a few files, of what `tsc --build` made and no more:
 * loading the hundred modules that a command has takes longer than most commands do. Libraries use the
 * modules.
 */

/** These find files of their own beside them. */
const EXTERNAL = [/^zstd-codec/];

/** `cramfs-reader.select.cjs`: whose module it is can be seen in its name. */
function chunkName({
  name,
  moduleIds,
}: {
  readonly name: string;
  readonly moduleIds: readonly string[];
}): string {
  const owner = /.*\/(?:node_modules|packages)\/([^/]+)\//.exec(moduleIds.at(-1) ?? '')?.[1];
  return `${[owner, basename(name)].filter((part) => part !== undefined).join('.')}.cjs`;
}

function inPackages(path: string): string {
  return inRepository(`packages/${path}`);
}

writeModules();

await build([
  {
    input: inPackages('cli/dist/main.js'),
    platform: 'node',
    external: EXTERNAL,
    plugins: [smallYargs, licences(inPackages('cli/bundle/THIRD-PARTY-LICENSES.txt'))],
    output: {
      dir: inPackages('cli/bundle'),
      format: 'cjs',
      cleanDir: true,
      entryFileNames: '[name].cjs',
      chunkFileNames: chunkName,
      // Use require(): the loader of ES modules takes time to start, and vm.Script has none.
      dynamicImportInCjs: false,
      minify: true,
    },
  },
  // Node.js aborts the whole process if a thread is terminated while it require()s an ES module (an
  // assertion in CreateRequiredModuleFacade, seen in 20.20), and threads start with a require().
  {
    input: inPackages('cramfs-reader/dist/node/threads/image-worker.js'),
    platform: 'node',
    plugins: [licences(inPackages('cramfs-reader/bundle/THIRD-PARTY-LICENSES.txt'))],
    output: {
      file: inPackages('cramfs-reader/bundle/image-worker.cjs'),
      format: 'cjs',
      codeSplitting: false,
      minify: true,
    },
  },
  {
    input: inPackages('mkcramfs/dist/node/compress-worker.js'),
    platform: 'node',
    plugins: [licences(inPackages('mkcramfs/bundle/THIRD-PARTY-LICENSES.txt'))],
    output: {
      file: inPackages('mkcramfs/bundle/compress-worker.cjs'),
      format: 'cjs',
      codeSplitting: false,
      minify: true,
    },
  },
  {
    input: inPackages('mkcramfs/dist/node/block-cache/look-up-worker.js'),
    platform: 'node',
    output: {
      file: inPackages('mkcramfs/bundle/look-up-worker.cjs'),
      format: 'cjs',
      codeSplitting: false,
      minify: true,
    },
  },
]);

await writeCompiled(inPackages('cli/bundle'));
await writeViewerPage();

// dist/cramfs.cjs is the command of a checkout, and of an installation from git.
await writeOneFile(inRepository('dist'));

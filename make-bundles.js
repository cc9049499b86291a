import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

/*
 * The commands, and what their threads run, as a few files, of what `tsc --build` made and no more:
 * loading the hundred modules that a command has takes longer than most commands do. Libraries use the
 * modules.
 */

const here = (path) => fileURLToPath(new URL(`packages/${path}`, import.meta.url));

/** These find files of their own beside them. */
const EXTERNAL = ['piscina', /^zstd-codec/];

/** `cramfs-reader.select.cjs`: whose module it is can be seen in its name. */
function chunkName({ name, moduleIds }) {
  const owner = /.*\/(?:node_modules|packages)\/([^/]+)\//.exec(moduleIds.at(-1) ?? '')?.[1];
  return `${[owner, basename(name)].filter(Boolean).join('.')}.cjs`;
}

await build([
  {
    input: here('cli/dist/main.js'),
    platform: 'node',
    external: EXTERNAL,
    output: {
      dir: here('cli/bundle'),
      format: 'cjs',
      cleanDir: true,
      entryFileNames: '[name].cjs',
      chunkFileNames: chunkName,
    },
  },
  // Node.js aborts the whole process if a thread is terminated while it require()s an ES module (an
  // assertion in CreateRequiredModuleFacade, seen in 20.20), and threads start with a require().
  {
    input: here('cramfs-reader/dist/node/image-worker.js'),
    platform: 'node',
    output: { file: here('cramfs-reader/bundle/image-worker.cjs'), format: 'cjs' },
  },
  {
    input: here('mkcramfs/dist/node/compress-worker.js'),
    platform: 'node',
    external: ['piscina'],
    output: {
      file: here('mkcramfs/bundle/compress-worker.cjs'),
      format: 'cjs',
      exports: 'default',
    },
  },
]);

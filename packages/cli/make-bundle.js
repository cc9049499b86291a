import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

/*
 * The commands as a few files, of what `tsc --build` made and no more: loading the hundred modules that
 * a command has takes longer than most commands do. bin/ runs the bundle; libraries and tests use the
 * modules.
 */

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** These find files of their own beside them. */
const EXTERNAL = [/^node:/, 'libdeflate', 'piscina', /^yargs/, /^zstd-codec/];

/** `cramfs-reader.select.js`: whose module it is can be seen in its name. */
function chunkName({ name, moduleIds }) {
  const owner = /.*\/(?:node_modules|packages)\/([^/]+)\//.exec(moduleIds.at(-1) ?? '')?.[1];
  return `${[owner, basename(name)].filter(Boolean).join('.')}.js`;
}

await build({
  input: here('dist/main.js'),
  platform: 'node',
  external: EXTERNAL,
  output: { dir: here('bundle'), format: 'esm', cleanDir: true, chunkFileNames: chunkName },
});

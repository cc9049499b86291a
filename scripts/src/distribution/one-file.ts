import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Plugin } from 'rolldown';
import { inRepository } from '../paths.js';
import { licences } from './licences.js';

/*
 * The whole command line as one CommonJS file: libraries, and what threads run, included. A thread
 * starts with the same file, or with its text where there is none (in a single executable).
 */

/** Where the source starts; the rest is in packages. */
const ENTRY = '\0one-file';

const ENTRY_SOURCE = `
import { isMainThread, workerData } from 'node:worker_threads';
import { toolOfPath } from '${inRepository('packages/cli/dist/tool-name.js')}';
if (isMainThread) {
  import('${inRepository('packages/cli/dist/main.js')}').then(({ runProcess }) =>
    runProcess(toolOfPath(process.argv[1])),
  );
} else if (workerData === 'cramfs-reader/worker') {
  import('${inRepository('packages/cramfs-reader/dist/node/threads/image-worker.js')}');
} else if (workerData === 'mkcramfs/look-up-worker') {
  import('${inRepository('packages/mkcramfs/dist/node/block-cache/look-up-worker.js')}');
} else {
  import('${inRepository('packages/mkcramfs/dist/node/compress-worker.js')}');
}
`;

/** Modules that look for files of their package, and their replacements. */
const REPLACED: Readonly<Record<string, () => string>> = {
  'packages/cramfs-reader/dist/node/threads/worker-file.js': () => `
    import { Worker } from 'node:worker_threads';
    export const startWorker = () =>
      new Worker(__oneFile.source(), { eval: __oneFile.isText, workerData: 'cramfs-reader/worker' });`,
  'packages/mkcramfs/dist/node/worker-file.js': () => `
    import { Worker } from 'node:worker_threads';
    export const startWorker = (name) =>
      new Worker(__oneFile.source(), { eval: __oneFile.isText, workerData: name });`,
  'packages/viewer/dist/node/template.js': () =>
    `export const viewerTemplate = () => __oneFile.viewerPage();`,
  // Code for engines without WebAssembly, which would be three fifths of the file.
  'node_modules/zstd-codec/lib/zstd-codec-binding.js': () => 'module.exports = undefined;',
  'packages/cli/dist/version.js': () => {
    const manifest = readFileSync(inRepository('packages/cli/package.json'), 'utf8');
    const { version } = JSON.parse(manifest) as { version: string };
    return `export const toolVersion = () => '${version}';`;
  },
};

/** What the comment with the viewer's page starts with. */
const VIEWER_MARK = '/*viewer-page:';

/** The file's first lines. Old Node.js must be able to read them: no newer syntax, no node: names. */
const HEAD = `'use strict';
(function (version) {
  if (version[0] > 20 || (version[0] == 20 && version[1] >= 19)) return;
  process.stderr.write('cramfs: needs Node.js 20.19 or later; this is ' + process.versions.node + '\\n');
  process.exit(1);
})(process.versions.node.split('.'));
const __oneFile = {
  get isText() { return require('node:sea').isSea(); },
  source() { return this.isText ? require('node:sea').getAsset('cramfs.cjs', 'utf8') : __filename; },
  viewerPage() {
    const text = this.isText ? this.source() : require('node:fs').readFileSync(__filename, 'latin1');
    const stored = text.slice(text.lastIndexOf('${VIEWER_MARK}') + ${VIEWER_MARK.length}, text.lastIndexOf('*/'));
    return require('node:zlib').gunzipSync(Buffer.from(stored, 'base64')).toString();
  },
};`;

/** The viewer's page is the file's last comment: the quickest for what is not run, and seldom needed. */
function viewerComment(): string {
  const page = readFileSync(inRepository('packages/viewer/bundle/viewer.html'));
  return `${VIEWER_MARK}${gzipSync(page, { level: 9 }).toString('base64')}*/`;
}

/** Puts the modules of {@link ENTRY} and {@link REPLACED} in place. */
function oneFilePlugin(): Plugin {
  const waiting = new Set(Object.keys(REPLACED));
  const pathOf = (id: string): string => id.slice(inRepository('').length);
  return {
    name: 'one-file',
    resolveId: (id) => (id === ENTRY ? id : null),
    load(id) {
      if (id === ENTRY) return ENTRY_SOURCE;
      const replace = REPLACED[pathOf(id)];
      if (replace === undefined) return null;
      waiting.delete(pathOf(id));
      return replace();
    },
    // A single executable has no loader of ES modules.
    renderChunk: (code) =>
      code.replace(/\bimport\((["']node:[\w/]+["'])\)/g, 'Promise.resolve(require($1))'),
    buildEnd() {
      if (waiting.size > 0) throw new Error(`not in the bundle: ${[...waiting].join(', ')}`);
    },
  };
}

/** Its name. */
export const ONE_FILE = 'cramfs.cjs';

/** Writes the file, executable, and its licences to a folder. */
export async function writeOneFile(folder: string): Promise<void> {
  await build({
    input: ENTRY,
    platform: 'node',
    // Only the syntax, so that old versions of Node.js reach the first lines.
    transform: { target: 'node14' },
    plugins: [oneFilePlugin(), licences(join(folder, 'THIRD-PARTY-LICENSES.txt'))],
    output: {
      file: join(folder, ONE_FILE),
      format: 'cjs',
      codeSplitting: false,
      banner: `#!/usr/bin/env node\n${HEAD}`,
      footer: viewerComment(),
    },
  });
  chmodSync(join(folder, ONE_FILE), 0o755);
}

import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where Node.js looks for what is put into it (its documentation, "Single executable applications"). */
const RESOURCE = 'NODE_SEA_BLOB';
const SENTINEL = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

const postject = createRequire(import.meta.url).resolve('postject/dist/cli.js');

/**
 * Writes a single executable: the Node.js that runs this, with `oneFile` in it.
 *
 * @param oneFile path of `cramfs.cjs`.
 * @param path of the executable.
 */
export function writeExecutable(oneFile: string, path: string): void {
  const work = mkdtempSync(join(tmpdir(), 'cramfs-executable-'));
  try {
    const main = join(work, 'cramfs.cjs');
    // Only a file may start with #!.
    writeFileSync(main, readFileSync(oneFile, 'utf8').replace(/^#!.*\n/, ''));
    const [config, blob] = [join(work, 'config.json'), join(work, 'blob')];
    writeFileSync(
      config,
      JSON.stringify({
        main,
        output: blob,
        disableExperimentalSEAWarning: true,
        useCodeCache: true,
        // Threads start with the same file.
        assets: { 'cramfs.cjs': main },
      }),
    );
    runNode('--experimental-sea-config', config);
    copyFileSync(process.execPath, path);
    chmodSync(path, 0o755);
    runNode(postject, path, RESOURCE, blob, '--sentinel-fuse', SENTINEL);
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** What it says is shown if it fails only: postject warns of sections that every Node.js has. */
function runNode(...argv: readonly string[]): void {
  execFileSync(process.execPath, argv, { stdio: 'pipe' });
}

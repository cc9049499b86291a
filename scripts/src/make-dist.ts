import { chmodSync, rmSync } from 'node:fs';
import { writeExecutable } from './distribution/executable.js';
import { writeOneFile } from './distribution/one-file.js';
import { inRepository } from './paths.js';

/*
 * npm run dist: what can be given to people without npm, in dist/. With --one-file only cramfs.cjs, which
 * an installation from git needs.
 */

const folder = inRepository('dist');
rmSync(folder, { recursive: true, force: true });
await writeOneFile(folder);
const oneFile = inRepository('dist/cramfs.cjs');
chmodSync(oneFile, 0o755);
if (!process.argv.includes('--one-file')) {
  writeExecutable(oneFile, inRepository('dist/cramfs'));
}

import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bashCompletion, fishCompletion, zshCompletion } from './completion/shells.js';
import { completedCommands } from './completion/words.js';
import { writeExecutable } from './distribution/executable.js';
import { writeOneFile } from './distribution/one-file.js';
import { manualPages } from './manual/pages.js';
import { inRepository } from './paths.js';

/*
 * npm run dist: what can be given to people without npm, in dist/: cramfs.cjs, which is all of it in one
 * file; cramfs, which has Node.js in it too; manual pages and completion. With --one-file only cramfs.cjs,
 * which an installation from git needs; with --no-executable all but that.
 */

const dist = inRepository('dist');
const oneFile = join(dist, 'cramfs.cjs');

function write(path: string, text: string): void {
  const file = join(dist, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

async function writeDocuments(): Promise<void> {
  const manifest = readFileSync(inRepository('package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  const manual = readFileSync(inRepository('docs/cli.md'), 'utf8');
  for (const { path, roff } of await manualPages(manual, version)) write(`man/${path}`, roff);
  const commands = await completedCommands();
  write('completion/cramfs.bash', bashCompletion(commands));
  write('completion/_cramfs', zshCompletion(commands));
  write('completion/cramfs.fish', fishCompletion(commands));
}

rmSync(dist, { recursive: true, force: true });
await writeOneFile(dist);
chmodSync(oneFile, 0o755);
if (!process.argv.includes('--one-file')) {
  await writeDocuments();
  if (!process.argv.includes('--no-executable')) writeExecutable(oneFile, join(dist, 'cramfs'));
}

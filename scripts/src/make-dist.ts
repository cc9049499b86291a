import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bashCompletion, fishCompletion, zshCompletion } from './completion/shells.js';
import { completedCommands } from './completion/words.js';
import { writeExecutable } from './distribution/executable.js';
import { ONE_FILE } from './distribution/one-file.js';
import { manualPages } from './manual/pages.js';
import { inRepository } from './paths.js';

/*
 * npm run dist: what can be given to people without npm, in dist/: cramfs.cjs, which is all of it in one
 * file and comes from `npm run build`; cramfs, which has Node.js in it too; manual pages and completion. With
 * --no-executable all but the executable.
 */

const dist = inRepository('dist');

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

for (const made of ['man', 'completion']) {
  rmSync(join(dist, made), { recursive: true, force: true });
}
await writeDocuments();
if (!process.argv.includes('--no-executable')) {
  writeExecutable(join(dist, ONE_FILE), join(dist, 'cramfs'));
}

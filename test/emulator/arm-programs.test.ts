/** The programs of the ARM records are those that their sources give: test/fixtures/arm/src. */
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { openImage, type CramfsImage } from 'cramfs-reader';
import { expect, test } from 'vitest';
import { armFixture } from '../helpers/arm-records.js';
import {
  describeWithPeers,
  findPeer,
  runPeerOk,
  withTemporaryDirectory,
} from '../helpers/peers.js';

/** What the fixtures were compiled with; other versions give other code. */
const COMPILER = '12.2.0';
const MKPROGS = join(import.meta.dirname, '../fixtures/arm/src/mkprogs.py');
const TIME_LIMIT_MS = 240_000;

/** Images that have a tree of mkprogs.py as it is, and what it calls the tree. */
const TREES = { p: 'tree', mm: 'tree.mmu', k1: 'tree.k1', lld: 'tree.lld' } as const;

function filesBelow(root: string): Map<string, string> {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  return new Map(
    entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((path) => [`/${relative(root, path)}`, readFileSync(path, 'latin1')]),
  );
}

function filesOf(image: CramfsImage): Map<string, string> {
  const files = [...image.walk(image.root)].filter(({ inode }) => inode.type === 'file');
  return new Map(
    files.map(({ path, inode }) => [path, Buffer.from(image.readFile(inode)).toString('latin1')]),
  );
}

function compilerVersion(): string {
  const compiler = findPeer('arm-linux-gnueabihf-gcc');
  if (compiler === undefined) return '';
  return spawnSync(compiler, ['-dumpfullversion'], { encoding: 'utf8' }).stdout.trim();
}

/** How PID 1 of the boots with an MMU was compiled. */
const INIT_FLAGS = [
  ...['-mcpu=cortex-a15', '-mthumb', '-mfloat-abi=soft', '-O2', '-w', '-ffreestanding'],
  ...['-nostdlib', '-fno-stack-protector', '-fno-builtin', '-fno-tree-loop-distribute-patterns'],
  ...['-fno-asynchronous-unwind-tables', '-fomit-frame-pointer', '-fno-pie', '-no-pie', '-static'],
  '-Wl,-e,_start',
];

describeWithPeers(['arm-linux-gnueabihf-gcc', 'python3'], 'programs of the ARM records', () => {
  const version = compilerVersion();
  const other = version === COMPILER ? '' : ` (compiled with ${COMPILER}, here is ${version})`;

  test.skipIf(other !== '')(
    `are made of the sources${other}`,
    async () => {
      await withTemporaryDirectory((directory) => {
        const init = join(directory, 'init-mmu');
        const source = join(dirname(MKPROGS), 'init.c');
        runPeerOk('arm-linux-gnueabihf-gcc', [...INIT_FLAGS, source, '-o', init]);
        expect(readFileSync(init).equals(armFixture('init-mmu')), 'init-mmu').toBe(true);
        runPeerOk('python3', [MKPROGS, join(directory, 'tree')]);
        const made = new Set<string>();
        for (const [name, tree] of Object.entries(TREES)) {
          const files = filesBelow(join(directory, tree));
          for (const content of files.values()) made.add(content);
          const recorded = filesOf(openImage(armFixture(`${name}.img`)));
          expect([...recorded.keys()].sort(), name).toEqual([...files.keys()].sort());
          for (const [path, content] of recorded) {
            expect(files.get(path) === content, `${name}.img: ${path}`).toBe(true);
          }
        }
        // The same programs have other names there; of proc only the file that makes the directory
        // is compared.
        for (const [path, content] of filesOf(openImage(armFixture('m.img')))) {
          if (path.startsWith('/proc/')) continue;
          expect(made.has(content), `m.img: ${path}`).toBe(true);
        }
      });
    },
    TIME_LIMIT_MS,
  );
});

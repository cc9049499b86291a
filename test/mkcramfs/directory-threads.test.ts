import {
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildImageBytes, type BuildOptions } from 'mkcramfs';
import {
  buildImageFile,
  cachedCompressor,
  readDirectorySource,
  workerCompressor,
} from 'mkcramfs/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { noise, prose } from '../helpers/trees.js';

const SAMPLE = fileURLToPath(new URL('../../samples/rootfs', import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'directory-threads-'));
  const tree = join(folder, 'tree');
  mkdirSync(join(tree, 'more'), { recursive: true });
  cpSync(SAMPLE, join(tree, 'sample'), { recursive: true, verbatimSymlinks: true });
  for (let index = 0; index < 40; index += 1) {
    // Every fifth is as large as the one before it, every tenth is equal to it.
    const same = index % 5 === 4 ? index - 1 : index;
    const seed = index % 10 === 9 ? same : index;
    const size = 4096 * (10 + 2 * same) + (same % 3);
    writeFileSync(join(tree, `f${index}`), prose(size, seed));
    writeFileSync(join(tree, 'more', `n${index}`), noise(1000 + 211 * index, index));
    writeFileSync(join(tree, 'more', `z${index}`), new Uint8Array(5000 * (index % 4)));
  }
  linkSync(join(tree, 'f7'), join(tree, 'more', 'linked'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function source() {
  return readDirectorySource(join(folder, 'tree'), { onProblem: () => undefined });
}

const OPTIONS: readonly [string, BuildOptions][] = [
  ['defaults', {}],
  ['holes', { holes: true }],
  ['extended pointers', { extendedPointers: true }],
  ['programs in place', { xip: { mode: 'mmu', pad: true }, measureXipCost: true }],
  ['programs in place without an MMU', { xip: { mode: 'nommu' }, holes: true }],
  ['large blocks, big endian', { blockSize: 65536, endianness: 'big', pad: true }],
  ['the layout of a C tool', { compat: 'mkcramfs', extendedPointers: true, force: true }],
];

test.each(OPTIONS)(
  '%s: the same image whoever reads and compresses the files',
  async (_, options) => {
    const alone = await buildImageBytes(source(), options);
    const path = join(folder, 'image');
    const expectSame = async (compressor: ReturnType<typeof workerCompressor>): Promise<void> => {
      compressor.expect(100 * 2 ** 20);
      const report = await buildImageFile(source(), path, { ...options, compressor });
      await compressor.close();
      expect(report).toEqual(alone.report);
      expect(readFileSync(path).equals(alone.image)).toBe(true);
    };
    await expectSame(workerCompressor(1));
    await expectSame(workerCompressor(3));
    const cache = { directory: join(folder, 'cache'), limit: 2 ** 30 };
    for (const isNew of [true, false]) {
      const cached = cachedCompressor(workerCompressor(2), cache);
      await expectSame({
        ...cached,
        get capacity() {
          return cached.capacity;
        },
        get readsFiles() {
          return cached.readsFiles!;
        },
        async close() {
          const { blocks, found } = cached.counts;
          if (!isNew) expect(found).toBe(blocks);
          cached.commit();
          await cached.close();
        },
      });
    }
  },
);

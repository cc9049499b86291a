import fc from 'fast-check';
import { openImage } from 'cramfs-reader';
import { isBlockSize } from 'cramfs-format';
import { buildImageBytes, type TreeEntry } from 'mkcramfs';
import { expect, test } from 'vitest';
import { layoutOptions, trees } from '../helpers/arbitrary-trees.js';
import { LinuxReader } from '../helpers/linux-reader.js';
import { treePaths } from '../helpers/trees.js';

const cases = layoutOptions.chain((options) =>
  fc.tuple(fc.constant(options), trees(options.blockSize)),
);

function contentOf(entry: TreeEntry): Uint8Array | undefined {
  if (entry.type === 'symlink') return Buffer.from(entry.target, 'latin1');
  return entry.type === 'file' ? (entry.read() as Uint8Array) : undefined;
}

test('what is built is what our reader reads', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ([options, root]) => {
      const { image: bytes, report } = await buildImageBytes(root, options);
      const blockSize = isBlockSize(options.blockSize) ? options.blockSize : undefined;
      const image = openImage(bytes, { blockSize });
      const found = [...image.walk()];
      const expected = [...treePaths(root)];
      expect(found.map(({ path }) => path)).toEqual(expected.map(([path]) => path));
      found.forEach(({ inode }, index) => {
        const entry = expected[index]![1];
        expect(inode).toMatchObject({ mode: entry.mode, uid: entry.uid, gid: entry.gid });
        const content = contentOf(entry);
        if (content !== undefined) {
          expect(Buffer.compare(image.readFile(inode), content)).toBe(0);
        }
        if ('rdev' in entry) expect(inode.rdev).toEqual(entry.rdev);
      });
      expect(image.computeCrc()).toBe(image.superblock.crc);
      expect(report.size).toBe(bytes.length);
      expect(report.files).toBe(found.length);
    }),
    { numRuns: 150 },
  );
});

test('Linux reads every image right, its defects K1 to K3 included', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ([options, root]) => {
      const { image } = await buildImageBytes(root, options);
      const linux = new LinuxReader(image, options.blockSize);
      const found = linux.walk();
      const expected = [...treePaths(root)];
      expect([...found.keys()]).toEqual(expected.map(([path]) => path));
      for (const [path, entry] of expected) {
        const inode = found.get(path)!;
        expect([path, inode.mode, inode.uid, inode.gid]).toEqual([
          path,
          entry.mode,
          entry.uid,
          entry.gid,
        ]);
        const content = contentOf(entry);
        if (content !== undefined) {
          expect(Buffer.compare(linux.read(inode), content), `content of ${path}`).toBe(0);
        }
      }
    }),
    { numRuns: 150 },
  );
});

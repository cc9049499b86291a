import { crc32 } from 'cramfs-format';
import { openImage, portableZlib, type Block } from 'cramfs-reader';
import { nodeZlib } from 'cramfs-reader/node';
import { describe, expect, test } from 'vitest';
import { KERNEL_IMAGES, kernelImage, kernelManifest } from '../helpers/kernel-images.js';

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}

/** A block in the manifest's words. */
function layoutOf(block: Block): [string, number, number] {
  const { direct, kind, length, start } = block;
  switch (kind) {
    case 'hole':
      return direct ? ['z', start - 2, length + 2] : ['H', start, length];
    case 'compressed':
      return direct ? ['Z', start - 2, length + 2] : ['C', start, length];
    case 'uncompressed':
      return [direct ? 'D' : 'U', start, length];
  }
}

describe.each(KERNEL_IMAGES)('%s, as Linux mounted it', (name) => {
  const bytes = kernelImage(name);
  const manifest = kernelManifest(name);

  test('the image is sound, and its CRC right', () => {
    const image = openImage(bytes);
    expect(image.size).toBe(manifest.image_size);
    expect(hex(crc32(bytes))).toBe(manifest.image_crc32);
    expect(image.computeCrc()).toBe(image.superblock.crc);
    expect(image.blockSize).toBe(4096);
    expect(image.endianness).toBe('little');
  });

  test('the walk finds every file of the manifest, and no other', () => {
    const found = [...openImage(bytes).walk()].filter(({ inode }) => inode.type === 'file');
    expect(found.map(({ path }) => path.slice(1)).sort()).toEqual(
      manifest.files.map(({ path }) => path).sort(),
    );
  });

  test.each([
    ['portable', portableZlib],
    ['node', nodeZlib],
  ])('size, mode, offset and content of every file (%s zlib)', (_, zlib) => {
    const image = openImage(bytes, { zlib });
    const found = manifest.files.map(({ path }) => {
      const inode = image.lookup(`/${path}`);
      return {
        path,
        size: inode.size,
        mode: (inode.mode & 0o7777).toString(8),
        offset: inode.dataOffset,
        crc32: hex(crc32(image.readFile(inode))),
      };
    });
    expect(found).toEqual(
      manifest.files.map(({ path, size, mode, offset, crc32 }) => ({
        path,
        size,
        mode,
        offset,
        crc32,
      })),
    );
  });

  test('pointers and layout of every file', () => {
    const image = openImage(bytes);
    for (const { path, ptrs, layout, size } of manifest.files) {
      // Files that share a block list the length that it has in the file laid out first.
      const own = layout.map(([kind, offset, length], index) => [
        kind,
        offset,
        kind === 'D' ? Math.min(4096, size - index * 4096) : length,
      ]);
      const blocks = image.blocks(image.lookup(`/${path}`));
      expect(
        blocks.map(({ raw }) => hex(raw)),
        path,
      ).toEqual(ptrs);
      expect(blocks.map(layoutOf), path).toEqual(own);
    }
  });
});

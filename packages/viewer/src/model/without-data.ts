import { explainLoaded, type CramfsImage, type Inode } from 'cramfs-reader';
import { hasBlocks, listEntries, readableBlocks } from './entries.js';
import { programFields } from './program-fields.js';

/**
 * The value of content bytes that are not zero: the kernel's rules ask only whether a byte is zero.
 */
const ANYTHING = 0xff;

/**
 * Returns an image without the contents of its files, for a report that may be given away.
 * Superblock, directories, block pointers and targets of links stay, and so do blocks with the
 * headers of programs, by which loaders map them. All other content bytes that are not zero become
 * 0xff.
 */
export function withoutFileData(image: CramfsImage): Uint8Array {
  const bytes = image.bytes.slice(0, image.size);
  const kept: (readonly [start: number, end: number])[] = [];
  const dropped: (readonly [start: number, end: number])[] = [];
  for (const [number, { inode, first }] of listEntries(image).list.entries()) {
    if (!hasBlocks(inode) || first !== number) continue;
    const needed = inode.type === 'symlink' ? undefined : blocksOfHeaders(image, inode);
    for (const { index, kind, start, length } of readableBlocks(image, inode)) {
      if (kind === 'hole') continue;
      const isNeeded = needed === undefined || needed.has(index);
      (isNeeded ? kept : dropped).push([start, start + length]);
    }
  }
  for (const [start, end] of dropped) {
    for (let at = start; at < end; at += 1) if (bytes[at] !== 0) bytes[at] = ANYTHING;
  }
  // Blocks that are shared, or that damaged pointers lead to, are kept if any file needs them.
  for (const [start, end] of kept) bytes.set(image.bytes.subarray(start, end), start);
  return bytes;
}

/** Returns the blocks of a program that are read to find out how it is loaded. */
function blocksOfHeaders(image: CramfsImage, inode: Inode): ReadonlySet<number> {
  const read = new Set<number>();
  const recorder = Object.create(image, {
    readBlock: {
      value: (of: Inode, index: number): Uint8Array => {
        const block = image.readBlock(of, index);
        if (of === inode) read.add(index);
        return block;
      },
    },
  }) as CramfsImage;
  if (programFields(recorder, inode).length === 0) return new Set();
  const { blockSize: pageSize } = image;
  for (const mmu of [true, false]) {
    explainLoaded(recorder, inode, { pageSize, physAddr: pageSize, mmu });
  }
  return read;
}

import { CRAMFS_SUPER_ROOT_OFFSET, DIRECT_LENGTH_SIZE } from 'cramfs-format';
import type { Block, CramfsImage } from 'cramfs-reader';
import { blocksOfEntries, pointerTable, type Entries } from './entries.js';
import { mayBeInPlace, pagesOfFile } from './in-place.js';
import type { Kernel } from './kernel.js';

/**
 * The kinds of bytes in flash; {@link FlashMap.kinds} has their numbers. Of two kinds at the same
 * place, the first counts.
 */
export const FLASH_KINDS = [
  'superblock',
  'directory',
  'pointers',
  'in-place',
  'tail',
  'stored',
  'compressed',
  'padding',
  'gap',
  'outside',
] as const;

export type FlashKind = (typeof FLASH_KINDS)[number];

/**
 * The contents of the flash: consecutive ranges without gaps, from byte 0 to the end of the bytes.
 */
export interface FlashMap {
  /** Bytes of the image; ranges after that are outside. */
  readonly size: number;
  /** Bytes that exist. */
  readonly end: number;
  readonly blockSize: number;
  /** Image offset of each range. */
  readonly starts: Uint32Array;
  readonly kinds: Uint8Array;
  /** Number of the entry that each range belongs to; -1 for none. */
  readonly owners: Int32Array;
  /** Number of the block; -1 if it is not a block. */
  readonly blocks: Int32Array;
  /** Bytes of each kind. */
  readonly totals: readonly number[];
}

function numberOf(kind: FlashKind): number {
  return FLASH_KINDS.indexOf(kind);
}

/** Ranges as they are found, in any order, one over the other. */
class Ranges {
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  readonly kinds: number[] = [];
  readonly owners: number[] = [];
  readonly blocks: number[] = [];

  add(kind: FlashKind, start: number, end: number, owner = -1, block = -1): void {
    if (end <= start) return;
    this.starts.push(start);
    this.ends.push(end);
    this.kinds.push(numberOf(kind));
    this.owners.push(owner);
    this.blocks.push(block);
  }

  /** By start; of equal ones the kind that counts first. */
  inOrder(): Uint32Array {
    const order = new Uint32Array(this.starts.length);
    for (let index = 0; index < order.length; index += 1) order[index] = index;
    const { starts, kinds } = this;
    return order.sort((a, b) => starts[a]! - starts[b]! || kinds[a]! - kinds[b]! || a - b);
  }
}

/** Classifies every byte of an image. */
export function flashMap(image: CramfsImage, entries: Entries, kernel: Kernel): FlashMap {
  const found = new Ranges();
  const { offset } = image.superblock;
  const superblockEnd = offset + CRAMFS_SUPER_ROOT_OFFSET + image.dialect.inodes.size;
  found.add('superblock', offset, superblockEnd);
  entries.list.forEach(({ inode, first }, number) => {
    if (first !== number) return;
    if (inode.type === 'directory' && inode.dataOffset !== 0) {
      found.add('directory', inode.dataOffset, inode.dataOffset + inode.size, number);
    }
    const table = pointerTable(image, inode);
    if (table !== undefined) found.add('pointers', table[0], table[1], number);
  });
  for (const { number, blocks } of blocksOfEntries(image, entries)) {
    addBlocks(found, image, entries, number, blocks, kernel);
  }
  return laidOut(found, image);
}

function addBlocks(
  found: Ranges,
  image: CramfsImage,
  entries: Entries,
  number: number,
  blocks: readonly Block[],
  kernel: Kernel,
): void {
  const { inode } = entries.list[number]!;
  const pages = mayBeInPlace(inode, blocks) ? pagesOfFile(image, inode, kernel) : undefined;
  const shared = pages?.explanation.tail === 'shared' ? pages.pages - 1 : -1;
  for (const { index, kind, direct, start, length } of blocks) {
    if (kind === 'hole') continue;
    if (kind === 'compressed') {
      const prefix = direct ? DIRECT_LENGTH_SIZE : 0;
      found.add('compressed', start - prefix, start + length, number, index);
    } else if (pages?.direct[index] === 1) {
      found.add('in-place', start, start + length, number, index);
    } else {
      found.add(index === shared ? 'tail' : 'stored', start, start + length, number, index);
    }
  }
}

/** The ranges found, without overlaps, and the gaps between them. */
function laidOut(found: Ranges, image: CramfsImage): FlashMap {
  const { size, bytes, blockSize } = image;
  const out = new Ranges();
  let at = 0;
  for (const range of found.inOrder()) {
    const start = Math.max(at, found.starts[range]!);
    const end = Math.min(size, found.ends[range]!);
    if (start >= end) continue;
    addUnused(out, bytes, at, start);
    const kind = FLASH_KINDS[found.kinds[range]!]!;
    out.add(kind, start, end, found.owners[range], found.blocks[range]);
    at = end;
  }
  addUnused(out, bytes, at, size);
  out.add('outside', size, bytes.length);
  const totals = FLASH_KINDS.map(() => 0);
  out.starts.forEach((start, index) => {
    totals[out.kinds[index]!]! += out.ends[index]! - start;
  });
  return {
    size,
    end: Math.max(size, bytes.length),
    blockSize,
    starts: Uint32Array.from(out.starts),
    kinds: Uint8Array.from(out.kinds),
    owners: Int32Array.from(out.owners),
    blocks: Int32Array.from(out.blocks),
    totals,
  };
}

/** Bytes that nothing refers to: zeros are padding, anything else is a gap. */
function addUnused(out: Ranges, bytes: Uint8Array, start: number, end: number): void {
  let used = start;
  while (used < end && bytes[used] === 0) used += 1;
  out.add(used === end ? 'padding' : 'gap', start, end);
}

/** The range that a byte is in; -1 if there is none. */
export function rangeAt({ starts, end }: Pick<FlashMap, 'starts' | 'end'>, offset: number): number {
  if (offset < 0 || offset >= end) return -1;
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Where a range ends. */
export function rangeEnd({ starts, end }: Pick<FlashMap, 'starts' | 'end'>, range: number): number {
  return starts[range + 1] ?? end;
}

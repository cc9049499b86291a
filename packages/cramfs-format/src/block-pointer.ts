/**
 * Block pointers: one u32 per block, in a table at the file's data offset. The names of flags are those
 * of include/uapi/linux/cramfs_fs.h; their bits come from BLOCK_POINTER_BITS.
 */

import { ValueRangeError } from './errors.js';
import { BLOCK_POINTER_BITS } from './layout.js';

const VALUE_BITS = BLOCK_POINTER_BITS[0][1];
const CRAMFS_BLK_FLAG_DIRECT_PTR = 2 ** VALUE_BITS;
const CRAMFS_BLK_FLAG_UNCOMPRESSED = 2 * CRAMFS_BLK_FLAG_DIRECT_PTR;
const CRAMFS_BLK_FLAGS = CRAMFS_BLK_FLAG_UNCOMPRESSED + CRAMFS_BLK_FLAG_DIRECT_PTR;
const CRAMFS_BLK_DIRECT_PTR_SHIFT = 2;

/**
 * - `end`: the image offset just after the block; it starts where the block before it ends, or right after
 *   the pointer table for the first one. `end` equal to that start is a hole.
 * - `direct`: the image offset (a multiple of four) where the block starts. Uncompressed blocks are one block
 *   long, or the rest of the file; compressed ones carry their length in a u16.
 */
export type BlockPointer =
  | { readonly kind: 'end'; readonly end: number; readonly uncompressed: boolean }
  | { readonly kind: 'direct'; readonly start: number; readonly uncompressed: boolean };

/** Bytes of one block pointer. */
export const BLOCK_POINTER_SIZE = 4;
/** Bytes of the length that precedes the data of a direct compressed block. */
export const DIRECT_LENGTH_SIZE = 2;
/** Direct blocks start at a multiple of this. */
export const DIRECT_ALIGNMENT = 1 << CRAMFS_BLK_DIRECT_PTR_SHIFT;

/**
 * Decodes a stored pointer. The flags are valid whatever the superblock says, as in Linux: compare
 * fs/cramfs/inode.c:cramfs_read_folio(), which never looks at CRAMFS_FLAG_EXT_BLOCK_POINTERS.
 */
export function decodeBlockPointer(raw: number): BlockPointer {
  const uncompressed = (raw & CRAMFS_BLK_FLAG_UNCOMPRESSED) !== 0;
  const value = (raw & ~CRAMFS_BLK_FLAGS) >>> 0;
  return (raw & CRAMFS_BLK_FLAG_DIRECT_PTR) === 0
    ? { kind: 'end', end: value, uncompressed }
    : { kind: 'direct', start: value * DIRECT_ALIGNMENT, uncompressed };
}

/**
 * The inverse of {@link decodeBlockPointer}.
 *
 * @throws ValueRangeError if the offset does not fit 30 bits, or a direct start is not a multiple of 4.
 */
export function encodeBlockPointer(pointer: BlockPointer): number {
  const flag = pointer.uncompressed ? CRAMFS_BLK_FLAG_UNCOMPRESSED : 0;
  const value = pointer.kind === 'end' ? pointer.end : pointer.start / DIRECT_ALIGNMENT;
  if (!Number.isInteger(value) || value < 0 || value >= CRAMFS_BLK_FLAG_DIRECT_PTR) {
    throw new ValueRangeError(`block pointer ${JSON.stringify(pointer)} cannot be stored`);
  }
  const direct = pointer.kind === 'direct' ? CRAMFS_BLK_FLAG_DIRECT_PTR : 0;
  return (value | flag | direct) >>> 0;
}

/** True if the stored pointer uses a flag of the block pointer extension. */
export function isExtendedPointer(raw: number): boolean {
  return (raw & CRAMFS_BLK_FLAGS) !== 0;
}

/**
 * The stored pointer that follows `raw` in a run of direct uncompressed blocks of one file. Offsets
 * wrap at 4 GiB, and the flags stay: compare fs/cramfs/inode.c:cramfs_get_block_range().
 */
export function nextDirectPointer(raw: number, blockSize: number): number {
  const value = ((raw & ~CRAMFS_BLK_FLAGS) + blockSize / DIRECT_ALIGNMENT) & ~CRAMFS_BLK_FLAGS;
  return (value | (raw & CRAMFS_BLK_FLAGS)) >>> 0;
}

/** Number of block pointers of a file of `size` bytes. */
export function blockCount(size: number, blockSize: number): number {
  return Math.ceil(size / blockSize);
}

/**
 * The structures of a cramfs image as tables (include/uapi/linux/cramfs_fs.h). Decoding, encoding,
 * constants, places in findings and docs/format.md all come from them.
 */

import type { BitFieldWord } from './bit-field.js';
import { U32, bytesField, structure, textField } from './structure.js';

/** `struct cramfs_inode`: three words of C bit-fields. */
export const INODE_WORDS = [
  [
    ['mode', 16],
    ['uid', 16],
  ],
  [
    ['size', 24],
    ['gid', 8],
  ],
  [
    ['namelen', 6],
    ['offset', 26],
  ],
] as const satisfies readonly BitFieldWord<string>[];

/** Width in bits of a field of {@link INODE_WORDS}. */
export function inodeFieldWidth(name: (typeof INODE_WORDS)[number][number][0]): number {
  return INODE_WORDS.flat().find(([field]) => field === name)![1];
}

/** `struct cramfs_super` with the `struct cramfs_info` in it. */
export const SUPERBLOCK = structure('struct cramfs_super', {
  magic: U32,
  size: U32,
  flags: U32,
  future: U32,
  signature: textField(16),
  crc: U32,
  edition: U32,
  blocks: U32,
  files: U32,
  name: textField(16),
  root: bytesField(4 * INODE_WORDS.length),
});

/**
 * A block pointer, from its least significant bit in images of either byte order: CRAMFS_BLK_FLAG_* are
 * the two highest bits.
 */
export const BLOCK_POINTER_BITS = [
  ['value', 30],
  ['direct', 1],
  ['uncompressed', 1],
] as const satisfies BitFieldWord<string>;

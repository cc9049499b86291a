/**
 * Numbers of the on-disk format, named as in Linux's include/uapi/linux/cramfs_fs.h.
 */

import { INODE_WORDS, SUPERBLOCK, inodeFieldWidth } from './layout.js';

export const CRAMFS_MAGIC = 0x28cd3d45;
export const CRAMFS_SIGNATURE = 'Compressed ROMFS';

/** Bytes of `struct cramfs_super`, the root inode included. */
export const CRAMFS_SUPER_SIZE = SUPERBLOCK.size;
/** Bytes of `struct cramfs_inode`, which is also the head of every directory entry. */
export const CRAMFS_INODE_SIZE = 4 * INODE_WORDS.length;
/** Offset of the fsid CRC inside the superblock. */
export const CRAMFS_SUPER_CRC_OFFSET = SUPERBLOCK.at.crc;
/** Offset of the root inode inside the superblock. */
export const CRAMFS_SUPER_ROOT_OFFSET = SUPERBLOCK.at.root;
/** A superblock may follow this many bytes of boot code; Linux looks at 0 and at 512. */
export const CRAMFS_PAD_SIZE = 512;

export const CRAMFS_UID_WIDTH = inodeFieldWidth('uid');
export const CRAMFS_SIZE_WIDTH = inodeFieldWidth('size');
export const CRAMFS_GID_WIDTH = inodeFieldWidth('gid');
export const CRAMFS_NAMELEN_WIDTH = inodeFieldWidth('namelen');
export const CRAMFS_OFFSET_WIDTH = inodeFieldWidth('offset');

/** Longest name in bytes: 63 units of four (the name length field counts in fours). */
export const CRAMFS_MAXPATHLEN = ((1 << CRAMFS_NAMELEN_WIDTH) - 1) << 2;
/** Largest file in bytes. */
export const CRAMFS_MAX_FILE_SIZE = 2 ** CRAMFS_SIZE_WIDTH - 1;
/** A file's pointer table, or a directory, must start below this image offset. */
export const CRAMFS_OFFSET_LIMIT = 2 ** (CRAMFS_OFFSET_WIDTH + 2);

export const CRAMFS_FLAG_FSID_VERSION_2 = 0x00000001;
export const CRAMFS_FLAG_SORTED_DIRS = 0x00000002;
export const CRAMFS_FLAG_HOLES = 0x00000100;
export const CRAMFS_FLAG_WRONG_SIGNATURE = 0x00000200;
export const CRAMFS_FLAG_SHIFTED_ROOT_OFFSET = 0x00000400;
export const CRAMFS_FLAG_EXT_BLOCK_POINTERS = 0x00000800;

/** What Linux 6.12 mounts; any other bit is "unsupported filesystem features". */
export const CRAMFS_SUPPORTED_FLAGS =
  0x000000ff |
  CRAMFS_FLAG_HOLES |
  CRAMFS_FLAG_WRONG_SIGNATURE |
  CRAMFS_FLAG_SHIFTED_ROOT_OFFSET |
  CRAMFS_FLAG_EXT_BLOCK_POINTERS;

/** Block size of every image unless the builder is given another; equals the kernel's PAGE_SIZE. */
export const CRAMFS_DEFAULT_BLOCK_SIZE = 4096;
/** Block sizes an image may have: the page sizes of the architectures Linux runs on. */
export const CRAMFS_BLOCK_SIZES = [4096, 8192, 16384, 32768, 65536] as const;
export type BlockSize = (typeof CRAMFS_BLOCK_SIZES)[number];

/** True if `size` is one of {@link CRAMFS_BLOCK_SIZES}. */
export function isBlockSize(size: number): size is BlockSize {
  return (CRAMFS_BLOCK_SIZES as readonly number[]).includes(size);
}

/** Rounds `value` up to a multiple of `unit` (any positive integer). */
export function alignUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

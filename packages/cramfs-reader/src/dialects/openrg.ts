import {
  CRAMFS_DEFAULT_BLOCK_SIZE,
  CRAMFS_FLAG_EXT_BLOCK_POINTERS,
  CRAMFS_SUPPORTED_FLAGS,
  isBlockSize,
  type BlockSize,
} from 'cramfs-format';
import type { BlockSizeVotes } from '../block-size.js';
import type { BlockMethod } from '../zlib.js';
import { LINUX_INODES, type Dialect } from './dialect.js';

/** log2 of the block size / 4096. */
const BLOCK_SIZE_MASK = 0x3800;
const BLOCK_SIZE_SHIFT = 11;
const METHOD_MASK = 0xc000;
const METHOD_SHIFT = 14;
/** Stored "none" is zlib all the same. */
const METHODS: readonly BlockMethod[] = ['zlib', 'zlib', 'lzma'];
const FLAGS = BLOCK_SIZE_MASK | METHOD_MASK;

/**
 * Routers with Jungo's OpenRG, and Broadcom's: the flags tell the block size and how blocks are
 * compressed. Bit 0x800 alone is Linux's CRAMFS_FLAG_EXT_BLOCK_POINTERS, unless {@link isOpenRgOf8K}; beside
 * the others it is part of the block size.
 */
export const OPENRG: Dialect = {
  name: 'openrg',
  title: 'OpenRG/Broadcom',
  linux: 'refuses',
  inodes: LINUX_INODES,
  blockSize: openRgBlockSize,
  method: (flags) => METHODS[(flags & METHOD_MASK) >>> METHOD_SHIFT] ?? 'zlib',
  matches: ({ superblock: { flags } }) => {
    const unknown = flags & ~CRAMFS_SUPPORTED_FLAGS;
    if (unknown === 0 || (unknown & ~FLAGS) !== 0) return false;
    const size = blockSizeOf(flags);
    return isBlockSize(size) && METHODS[(flags & METHOD_MASK) >>> METHOD_SHIFT] !== undefined;
  },
};

/**
 * True if flag 0x800 alone means blocks of 8 KiB: the files that voted have such blocks, and none starts with
 * an extended pointer, which the flag would announce. An image for Linux with pages of 8 KiB, with the flag
 * but no such pointer, is the same to the last byte.
 */
export function isOpenRgOf8K(flags: number, votes: BlockSizeVotes): boolean {
  const isAlone = (flags & FLAGS) === CRAMFS_FLAG_EXT_BLOCK_POINTERS;
  const [size, other] = votes.candidates;
  return (
    isAlone && size === 2 * CRAMFS_DEFAULT_BLOCK_SIZE && other === undefined && !votes.extended
  );
}

function blockSizeOf(flags: number): number {
  return CRAMFS_DEFAULT_BLOCK_SIZE << ((flags & BLOCK_SIZE_MASK) >>> BLOCK_SIZE_SHIFT);
}

function openRgBlockSize(flags: number): BlockSize {
  const size = blockSizeOf(flags);
  return isBlockSize(size) ? size : CRAMFS_DEFAULT_BLOCK_SIZE;
}

/** The flags of an image of this dialect, to be added to those of Linux. */
export function openRgFlags(blockSize: BlockSize, method: BlockMethod): number {
  const size = Math.log2(blockSize / CRAMFS_DEFAULT_BLOCK_SIZE);
  return (size << BLOCK_SIZE_SHIFT) | (METHODS.lastIndexOf(method) << METHOD_SHIFT);
}

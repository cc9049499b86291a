import {
  CRAMFS_FLAG_EXT_BLOCK_POINTERS,
  CRAMFS_FLAG_FSID_VERSION_2,
  CRAMFS_FLAG_SHIFTED_ROOT_OFFSET,
  CRAMFS_PAD_SIZE,
  CRAMFS_SUPER_SIZE,
  CRAMFS_SUPPORTED_FLAGS,
  SUPERBLOCK,
  CramfsError,
  dataOffset,
  decodeSuperblock,
  fileType,
  superblockEndianness,
} from 'cramfs-format';
import type { Superblock } from './types.js';
import type { ZlibCodec } from './zlib.js';

/**
 * Finds the superblock at 0 or after the 512 bytes of a pad, in either byte order, and makes the
 * checks that Linux makes: compare fs/cramfs/inode.c:cramfs_read_super().
 *
 * @throws CramfsError BAD_MAGIC, UNSUPPORTED or BAD_SUPERBLOCK.
 */
export function readSuperblock(view: DataView): Superblock {
  const superblock = findSuperblock(view);
  if (superblock === undefined) {
    throw new CramfsError('BAD_MAGIC', 'not a cramfs image: no superblock at 0 or 512', {
      offset: 0,
    });
  }
  checkSuperblock(superblock);
  return superblock;
}

/** The superblock at 0 or after a pad, whatever it says. */
export function findSuperblock(view: DataView): Superblock | undefined {
  for (const offset of [0, CRAMFS_PAD_SIZE]) {
    const endianness = superblockEndianness(view, offset);
    if (endianness === undefined) continue;
    return { ...decodeSuperblock(view, offset, endianness), offset, endianness };
  }
  return undefined;
}

function checkSuperblock(superblock: Superblock): void {
  const { flags, offset, root } = superblock;
  const bad = (message: string): CramfsError =>
    new CramfsError('BAD_SUPERBLOCK', message, { offset });

  if ((flags & ~CRAMFS_SUPPORTED_FLAGS) !== 0) {
    throw new CramfsError('UNSUPPORTED', unsupportedFlags(flags), { offset });
  }
  if (fileType(root.mode) !== 'directory') {
    throw bad(`the root is not a directory (mode 0${root.mode.toString(8)})`);
  }
  const rootOffset = dataOffset(root);
  if (
    rootOffset !== 0 &&
    (flags & CRAMFS_FLAG_SHIFTED_ROOT_OFFSET) === 0 &&
    !isUsualRootOffset(rootOffset)
  ) {
    throw bad(`bad root offset ${rootOffset}`);
  }
}

/** True for the two places where Linux looks for a root that is not shifted. */
export function isUsualRootOffset(rootOffset: number): boolean {
  return rootOffset === CRAMFS_SUPER_SIZE || rootOffset === CRAMFS_PAD_SIZE + CRAMFS_SUPER_SIZE;
}

/** OpenRG's and Broadcom's variant: log2 of the block size / 4096, and a compressor. */
const OPENRG_BLOCK_SIZE_MASK = 0x3800;
const OPENRG_BLOCK_SIZE_SHIFT = 11;
const OPENRG_METHOD_MASK = 0xc000;
const OPENRG_METHOD_SHIFT = 14;
const OPENRG_METHODS = ['no', 'gzip', 'LZMA', 'an unknown'];

/** Names the flags that Linux refuses, and the dialect they belong to if it is known. */
export function unsupportedFlags(flags: number): string {
  const unknown = (flags & ~CRAMFS_SUPPORTED_FLAGS) >>> 0;
  const bits: string[] = [];
  for (let bit = 0; bit < 32; bit += 1) {
    if ((unknown & (1 << bit)) !== 0) bits.push(`0x${(2 ** bit).toString(16)}`);
  }
  const message = `unsupported file system features: flags ${bits.join(' + ')}`;
  const openRg = OPENRG_BLOCK_SIZE_MASK | OPENRG_METHOD_MASK;
  if ((unknown & ~openRg) !== 0) return message;
  // Bit 0x800 alone means extended block pointers; beside these it is part of the block size.
  const blockSize = 4096 * 2 ** ((flags & OPENRG_BLOCK_SIZE_MASK) >>> OPENRG_BLOCK_SIZE_SHIFT);
  const method = OPENRG_METHODS[(flags & OPENRG_METHOD_MASK) >>> OPENRG_METHOD_SHIFT]!;
  return `${message} (OpenRG/Broadcom dialect: blocks of ${blockSize} bytes, ${method} compression)`;
}

/**
 * The size that the superblock tells; undefined if it tells none (no CRAMFS_FLAG_FSID_VERSION_2), or
 * one that does not even hold the superblock. Linux mounts such an image all the same, and from a
 * block device reads it as if nothing were wrong: kernel fact K25.
 */
export function statedSize({ flags, size, offset }: Superblock): number | undefined {
  const hasSize = (flags & CRAMFS_FLAG_FSID_VERSION_2) !== 0;
  return hasSize && size >= offset + CRAMFS_SUPER_SIZE ? size : undefined;
}

/** True if the image says that it may hold extended block pointers. */
export function hasExtendedPointers(superblock: Superblock): boolean {
  return (superblock.flags & CRAMFS_FLAG_EXT_BLOCK_POINTERS) !== 0;
}

/**
 * The CRC that belongs into the superblock: over everything from the superblock to `end`, with the
 * field itself taken as zero.
 *
 * @param bytes from the file system's byte 0.
 */
export function fsidCrc(
  bytes: Uint8Array,
  superblockOffset: number,
  end: number,
  zlib: ZlibCodec,
): number {
  const field = superblockOffset + SUPERBLOCK.at.crc;
  let crc = zlib.crc32(bytes.subarray(superblockOffset, field));
  crc = zlib.crc32(new Uint8Array(SUPERBLOCK.kinds.crc.size), crc);
  return zlib.crc32(bytes.subarray(field + SUPERBLOCK.kinds.crc.size, end), crc);
}

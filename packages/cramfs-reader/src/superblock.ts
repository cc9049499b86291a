import {
  CRAMFS_FLAG_EXT_BLOCK_POINTERS,
  CRAMFS_FLAG_FSID_VERSION_2,
  CRAMFS_FLAG_SHIFTED_ROOT_OFFSET,
  CRAMFS_INODE_SIZE,
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
import type { Dialect } from './dialects/dialect.js';
import type { Superblock } from './types.js';
import type { ZlibCodec } from './zlib.js';

/** What to say about bytes without a superblock. */
export function noSuperblock(): CramfsError {
  return new CramfsError('BAD_MAGIC', 'not a cramfs image: no superblock at 0 or 512', {
    offset: 0,
  });
}

/** The superblock at 0 or after a pad, unchecked. */
export function findSuperblock(view: DataView): Superblock | undefined {
  for (const offset of [0, CRAMFS_PAD_SIZE]) {
    const endianness = superblockEndianness(view, offset);
    if (endianness === undefined) continue;
    return { ...decodeSuperblock(view, offset, endianness), offset, endianness };
  }
  return undefined;
}

/**
 * Makes the checks that Linux makes: compare fs/cramfs/inode.c:cramfs_read_super(). Flags and the
 * root's place are the dialect's.
 *
 * @throws CramfsError UNSUPPORTED or BAD_SUPERBLOCK.
 */
export function checkSuperblock(superblock: Superblock, { linux, inodes }: Dialect): void {
  const { flags, offset, root } = superblock;
  const bad = (message: string): CramfsError =>
    new CramfsError('BAD_SUPERBLOCK', message, { offset });

  if (linux === 'reads' && (flags & ~CRAMFS_SUPPORTED_FLAGS) !== 0) {
    throw new CramfsError('UNSUPPORTED', unsupportedFlags(flags), { offset });
  }
  if (fileType(root.mode) !== 'directory') {
    throw bad(`the root is not a directory (mode 0${root.mode.toString(8)})`);
  }
  const rootOffset = dataOffset(root);
  const surplus = inodes.size - CRAMFS_INODE_SIZE;
  if (
    rootOffset !== 0 &&
    (flags & CRAMFS_FLAG_SHIFTED_ROOT_OFFSET) === 0 &&
    !isUsualRootOffset(rootOffset - surplus)
  ) {
    throw bad(`bad root offset ${rootOffset}`);
  }
}

/** True for the two places where Linux looks for a root that is not shifted. */
export function isUsualRootOffset(rootOffset: number): boolean {
  return rootOffset === CRAMFS_SUPER_SIZE || rootOffset === CRAMFS_PAD_SIZE + CRAMFS_SUPER_SIZE;
}

/** Names the flags that Linux refuses. */
export function unsupportedFlags(flags: number): string {
  const unknown = (flags & ~CRAMFS_SUPPORTED_FLAGS) >>> 0;
  const bits: string[] = [];
  for (let bit = 0; bit < 32; bit += 1) {
    if ((unknown & (1 << bit)) !== 0) bits.push(`0x${(2 ** bit).toString(16)}`);
  }
  return `unsupported file system features: flags ${bits.join(' + ')}`;
}

/**
 * The size that the superblock states; undefined if it states none (no CRAMFS_FLAG_FSID_VERSION_2), or one
 * too small even for the superblock. Linux mounts such an image all the same, and from a block device reads
 * it as if nothing were wrong: kernel fact K25.
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
 * The CRC that belongs in the superblock: over everything from the superblock to `end`, with the
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

import { CRAMFS_SUPER_ROOT_OFFSET, CramfsError, isBlockSize } from 'cramfs-format';
import { findSuperblock } from '../superblock.js';
import type { Superblock } from '../types.js';
import { ASXIPFS } from './asxipfs.js';
import type { BlockMethod } from '../zlib.js';
import type { Dialect } from './dialect.js';
import { JINKE } from './jinke.js';
import { LINEAR_XIP } from './linear-xip.js';
import type { DialectName } from './names.js';
import { OLD } from './old.js';
import { OPENRG } from './openrg.js';
import { SONY_LZ77, SONY_LZO } from './sony.js';
import { STANDARD } from './standard.js';
import { SWAPPED_CRC } from './swapped-crc.js';
import { findWordSize, swapWords, type WordSize } from './swapped-words.js';
import { UNKNOWN } from './unknown.js';

/** The dialects in the order in which they are tried; the last matches everything. */
const DIALECTS: readonly Dialect[] = [
  SONY_LZ77,
  SONY_LZO,
  OPENRG,
  UNKNOWN,
  JINKE,
  ASXIPFS,
  LINEAR_XIP,
  OLD,
  SWAPPED_CRC,
  STANDARD,
];

const WORD_SIZES: Readonly<Partial<Record<DialectName, WordSize>>> = {
  'swapped-16': 2,
  'swapped-32': 4,
};

/** An image whose dialect is known, with nothing in it checked. */
export interface RecognisedImage {
  /** Bytes from the file system's byte 0; a copy if the words of the file are stored backwards. */
  readonly bytes: Uint8Array;
  readonly superblock: Superblock;
  readonly dialect: Dialect;
  readonly wordSize: WordSize;
}

/**
 * Finds a superblock at 0 or 512, and what dialect the image is of.
 *
 * @param name the dialect, if the user has named it.
 * @returns undefined if there is no superblock.
 */
export function recogniseImage(bytes: Uint8Array, name?: DialectName): RecognisedImage | undefined {
  const wordSize = name === undefined ? findWordSize(bytes) : (WORD_SIZES[name] ?? 1);
  const straight = wordSize === 1 ? bytes : swapWords(bytes, wordSize);
  const view = viewOf(straight);
  const superblock = findSuperblock(view);
  if (superblock === undefined) return undefined;
  const forced = wordSize === 1 ? name : undefined;
  const dialect = recogniseDialect(straight, superblock, forced);
  return { bytes: straight, superblock: withRoot(view, superblock, dialect), dialect, wordSize };
}

/** The dialect of an image whose words are stored as they should be. */
export function recogniseDialect(
  bytes: Uint8Array,
  superblock: Superblock,
  name?: DialectName,
): Dialect {
  if (name !== undefined) {
    const named = DIALECTS.find((dialect) => dialect.name === name);
    if (named === undefined) throw new CramfsError('BAD_REQUEST', `no such dialect: ${name}`);
    return named;
  }
  const probe = { bytes, view: viewOf(bytes), superblock };
  return DIALECTS.find((dialect) => dialect.matches(probe)) ?? STANDARD;
}

/** The name that `info` prints of an image. */
export function dialectName({ dialect, wordSize }: Pick<RecognisedImage, 'dialect' | 'wordSize'>) {
  if (wordSize === 1) return dialect.name;
  return wordSize === 2 ? 'swapped-16' : 'swapped-32';
}

/** The block size that flags tell, if the dialect stores it there. */
export function statedBlockSize({ dialect, superblock }: RecognisedImage) {
  const size = dialect.blockSize?.(superblock.flags);
  return size !== undefined && isBlockSize(size) ? size : undefined;
}

/** How the blocks of an image are compressed. */
export function methodOf({
  dialect,
  superblock,
}: Pick<RecognisedImage, 'dialect' | 'superblock'>): BlockMethod {
  return dialect.method?.(superblock.flags) ?? 'zlib';
}

/** The superblock, with the root inode as the dialect stores it. */
function withRoot(view: DataView, superblock: Superblock, { inodes }: Dialect): Superblock {
  const at = superblock.offset + CRAMFS_SUPER_ROOT_OFFSET;
  if (inodes === STANDARD.inodes || at + inodes.size > view.byteLength) return superblock;
  return { ...superblock, root: inodes.decode(view, at, superblock.endianness) };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

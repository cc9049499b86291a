import { CRAMFS_MAGIC, CRAMFS_SUPER_SIZE } from './constants.js';
import type { Endianness } from './endian.js';
import { decodeInode, encodeInode, type RawInode } from './inode.js';
import { SUPERBLOCK } from './layout.js';
import { decodeStructure, encodeFields } from './structure.js';

/** `struct cramfs_super` as stored; texts are byte strings (see name.ts), zero padding stripped. */
export interface RawSuperblock {
  /** Bytes of the file system, the 512 bytes of padding before the superblock included. */
  size: number;
  flags: number;
  future: number;
  /** 16 bytes, which Linux ignores. */
  signature: string;
  crc: number;
  edition: number;
  blocks: number;
  files: number;
  name: string;
  root: RawInode;
}

/** Byte order of the superblock whose magic is at byte `at`, or undefined if there is none. */
export function superblockEndianness(view: DataView, at: number): Endianness | undefined {
  if (at < 0 || at + CRAMFS_SUPER_SIZE > view.byteLength) return undefined;
  if (view.getUint32(at, true) === CRAMFS_MAGIC) return 'little';
  if (view.getUint32(at, false) === CRAMFS_MAGIC) return 'big';
  return undefined;
}

/** Reads the superblock at byte `at` of `view`; the caller has checked that 76 bytes are there. */
export function decodeSuperblock(
  view: DataView,
  at: number,
  endianness: Endianness,
): RawSuperblock {
  const fields = decodeStructure(SUPERBLOCK, view, at, endianness === 'little');
  const { size, flags, future, signature, crc, edition, blocks, files, name } = fields;
  const root = decodeInode(view, at + SUPERBLOCK.at.root, endianness);
  return { size, flags, future, signature, crc, edition, blocks, files, name, root };
}

/**
 * Writes `superblock` at byte `at` of `view`; a text longer than its 16 bytes is cut.
 *
 * @throws ValueRangeError if a field of the root inode does not fit.
 */
export function encodeSuperblock(
  view: DataView,
  at: number,
  superblock: Readonly<RawSuperblock>,
  endianness: Endianness,
): void {
  const { root, ...fields } = superblock;
  const littleEndian = endianness === 'little';
  encodeFields(SUPERBLOCK, view, at, { magic: CRAMFS_MAGIC, ...fields }, littleEndian);
  encodeInode(view, at + SUPERBLOCK.at.root, root, endianness);
}

import {
  CRAMFS_MAGIC,
  CRAMFS_SUPER_CRC_OFFSET,
  CRAMFS_SUPER_ROOT_OFFSET,
  CRAMFS_SUPER_SIZE,
} from './constants.js';
import { getU32, setU32, type Endianness } from './endian.js';
import { decodeInode, encodeInode, type RawInode } from './inode.js';
import { bytesToName, nameToBytes } from './name.js';

/** `struct cramfs_super` as stored; texts are byte strings (see name.ts), zero padding stripped. */
export interface RawSuperblock {
  /** Bytes of the file system, the 512 bytes of padding before the superblock included. */
  size: number;
  flags: number;
  future: number;
  /** 16 bytes; Linux does not look at them. */
  signature: string;
  crc: number;
  edition: number;
  blocks: number;
  files: number;
  name: string;
  root: RawInode;
}

const SIZE_AT = 4;
const FLAGS_AT = 8;
const FUTURE_AT = 12;
const SIGNATURE_AT = 16;
const EDITION_AT = 36;
const BLOCKS_AT = 40;
const FILES_AT = 44;
const NAME_AT = 48;
const TEXT_LENGTH = 16;

/** Byte order of the superblock whose magic stands at byte `at`, or undefined if there is none. */
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
  const u32 = (field: number): number => getU32(view, at + field, endianness);
  return {
    size: u32(SIZE_AT),
    flags: u32(FLAGS_AT),
    future: u32(FUTURE_AT),
    signature: text(view, at + SIGNATURE_AT),
    crc: u32(CRAMFS_SUPER_CRC_OFFSET),
    edition: u32(EDITION_AT),
    blocks: u32(BLOCKS_AT),
    files: u32(FILES_AT),
    name: text(view, at + NAME_AT),
    root: decodeInode(view, at + CRAMFS_SUPER_ROOT_OFFSET, endianness),
  };
}

/**
 * Writes `superblock` at byte `at` of `view`; a text longer than its 16 bytes is cut.
 *
 * @throws RangeError if a field of the root inode does not fit.
 */
export function encodeSuperblock(
  view: DataView,
  at: number,
  superblock: Readonly<RawSuperblock>,
  endianness: Endianness,
): void {
  const u32 = (field: number, value: number): void => {
    setU32(view, at + field, value, endianness);
  };
  u32(0, CRAMFS_MAGIC);
  u32(SIZE_AT, superblock.size);
  u32(FLAGS_AT, superblock.flags);
  u32(FUTURE_AT, superblock.future);
  setText(view, at + SIGNATURE_AT, superblock.signature);
  u32(CRAMFS_SUPER_CRC_OFFSET, superblock.crc);
  u32(EDITION_AT, superblock.edition);
  u32(BLOCKS_AT, superblock.blocks);
  u32(FILES_AT, superblock.files);
  setText(view, at + NAME_AT, superblock.name);
  encodeInode(view, at + CRAMFS_SUPER_ROOT_OFFSET, superblock.root, endianness);
}

function text(view: DataView, at: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, TEXT_LENGTH);
  const end = bytes.indexOf(0);
  return bytesToName(end < 0 ? bytes : bytes.subarray(0, end));
}

function setText(view: DataView, at: number, value: string): void {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, TEXT_LENGTH);
  bytes.fill(0);
  bytes.set(nameToBytes(value).subarray(0, TEXT_LENGTH));
}

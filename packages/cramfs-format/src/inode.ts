import { packWord, unpackWord } from './bit-field.js';
import { CRAMFS_INODE_SIZE } from './constants.js';
import { getU32, setU32, type Endianness } from './endian.js';
import { INODE_WORDS } from './layout.js';

/** `struct cramfs_inode` as stored: `namelen` and `offset` still count in units of four bytes. */
export interface RawInode {
  mode: number;
  uid: number;
  /** Bytes of a file, of a symlink's target or of a directory's entries; a device's number. */
  size: number;
  gid: number;
  namelen: number;
  offset: number;
}

/** Reads the inode at byte `at` of `view`; the caller has checked that 12 bytes are there. */
export function decodeInode(view: DataView, at: number, endianness: Endianness): RawInode {
  const inode: RawInode = { mode: 0, uid: 0, size: 0, gid: 0, namelen: 0, offset: 0 };
  // A hot loop: it decodes every inode of an image, some of them twice.
  for (let index = 0; index < INODE_WORDS.length; index += 1) {
    const word = getU32(view, at + 4 * index, endianness);
    unpackWord(word, INODE_WORDS[index]!, endianness, inode);
  }
  return inode;
}

/**
 * Writes `inode` at byte `at` of `view`.
 *
 * @throws ValueRangeError if a value does not fit its field.
 */
export function encodeInode(
  view: DataView,
  at: number,
  inode: Readonly<RawInode>,
  endianness: Endianness,
): void {
  INODE_WORDS.forEach((fields, index) => {
    setU32(view, at + 4 * index, packWord(inode, fields, endianness), endianness);
  });
}

/** Image offset of the data (pointer table or directory entries), 0 if there is none. */
export function dataOffset(inode: Readonly<RawInode>): number {
  return inode.offset * 4;
}

/** Bytes of the name field after the inode, zero padding included. */
export function nameFieldLength(inode: Readonly<RawInode>): number {
  return inode.namelen * 4;
}

/** Bytes that the directory entry of a name of `nameLength` bytes takes. */
export function directoryEntrySize(nameLength: number): number {
  return CRAMFS_INODE_SIZE + Math.ceil(nameLength / 4) * 4;
}

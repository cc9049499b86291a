import {
  CRAMFS_FLAG_SHIFTED_ROOT_OFFSET,
  CRAMFS_INODE_SIZE,
  CRAMFS_SIGNATURE,
  CRAMFS_SUPER_SIZE,
  CramfsError,
  dataOffset,
  decodeInode,
  encodeSuperblock,
  fileType,
  nameFieldLength,
  type Endianness,
} from 'cramfs-format';

/** A root directory without a superblock that leads to it. */
export interface FoundRoot {
  readonly offset: number;
  readonly size: number;
  readonly endianness: Endianness;
}

/** Root directories are at the start: after the superblock, and what was inserted there. */
const SCAN_LIMIT = 2 ** 26;
/** Entries that make a directory more than chance. */
const LEAST_ENTRIES = 2;
const ROOT_MODE = 0o40755;

/**
 * Looks for the first directory that makes sense: entries with names and types, of which at least one
 * leads to another place in the image.
 */
export function findRoot(bytes: Uint8Array): FoundRoot | undefined {
  const limit = Math.min(bytes.length, SCAN_LIMIT);
  for (let at = CRAMFS_SUPER_SIZE; at < limit; at += 4) {
    const found = rootAt(bytes, at);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The root directory at an offset, whose end is where its entries lead to first, or make no sense. */
export function rootAt(bytes: Uint8Array, offset: number): FoundRoot | undefined {
  for (const endianness of ['little', 'big'] as const) {
    const found = directoryAt(bytes, offset, endianness);
    if (found !== undefined) return found;
  }
  return undefined;
}

function directoryAt(
  bytes: Uint8Array,
  offset: number,
  endianness: Endianness,
): FoundRoot | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length;
  let at = offset;
  let entries = 0;
  let leads = false;
  while (at + CRAMFS_INODE_SIZE < end) {
    const inode = decodeInode(view, at, endianness);
    const next = at + CRAMFS_INODE_SIZE + nameFieldLength(inode);
    if (inode.namelen === 0 || next > end || fileType(inode.mode) === undefined) break;
    if (!isName(bytes.subarray(at + CRAMFS_INODE_SIZE, next))) break;
    const start = dataOffset(inode);
    if (start !== 0) {
      if (start <= offset || start >= bytes.length) break;
      leads = true;
      // What follows the root are the directories in it, or else the data of its files.
      end = Math.min(end, start);
    }
    entries += 1;
    at = next;
  }
  if (!leads || entries < LEAST_ENTRIES || at > end) return undefined;
  return { offset, size: at - offset, endianness };
}

/** Bytes other than control characters and slashes, with at most three of padding. */
function isName(field: Uint8Array): boolean {
  let length = field.length;
  while (length > 0 && field[length - 1] === 0) length -= 1;
  if (length === 0 || field.length - length > 3) return false;
  return field.subarray(0, length).every((byte) => byte >= 0x20 && byte !== 0x2f && byte !== 0x7f);
}

/**
 * A copy with a superblock that leads to a root directory. It tells neither size nor CRC: what these
 * were is lost.
 *
 * @throws CramfsError BAD_SUPERBLOCK if the root is where the superblock has to be.
 */
export function withSuperblock(bytes: Uint8Array, root: FoundRoot): Uint8Array<ArrayBuffer> {
  if (root.offset < CRAMFS_SUPER_SIZE) {
    throw new CramfsError('BAD_SUPERBLOCK', 'there is no room for a superblock before the root', {
      offset: root.offset,
    });
  }
  const copy = new Uint8Array(bytes);
  encodeSuperblock(
    new DataView(copy.buffer),
    0,
    {
      size: 2 ** 16,
      flags: CRAMFS_FLAG_SHIFTED_ROOT_OFFSET,
      future: 0,
      signature: CRAMFS_SIGNATURE,
      crc: 0,
      edition: 0,
      blocks: 0,
      files: 0,
      name: '',
      root: {
        mode: ROOT_MODE,
        uid: 0,
        gid: 0,
        size: root.size,
        namelen: 0,
        offset: root.offset / 4,
      },
    },
    root.endianness,
  );
  return copy;
}

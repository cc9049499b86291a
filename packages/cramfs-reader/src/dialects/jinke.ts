import {
  BLOCK_POINTER_SIZE,
  CRAMFS_SUPER_ROOT_OFFSET,
  CRAMFS_SUPER_SIZE,
  INODE_WORDS,
  blockCount,
  dataOffset,
  fileType,
  getU32,
  nameFieldLength,
  unpackWord,
  type BitFieldWord,
  type Endianness,
  type RawInode,
} from 'cramfs-format';
import { isUsualRootOffset } from '../superblock.js';
import type { Dialect, InodeFormat, Probe } from './dialect.js';

/** The words of an inode: Linux's, except that its third word takes two here. */
const WORDS = [
  INODE_WORDS[0],
  INODE_WORDS[1],
  [
    ['unknown', 8],
    ['namelen', 24],
  ],
] as const satisfies readonly BitFieldWord<string>[];
const OFFSET_AT = 4 * WORDS.length;

const INODES: InodeFormat = { size: OFFSET_AT + 4, decode };
/** Additional bytes of the superblock compared with Linux's. */
const SURPLUS = INODES.size - (CRAMFS_SUPER_SIZE - CRAMFS_SUPER_ROOT_OFFSET);

/** Root entries that have to make sense. */
const ROOT_ENTRIES = 16;

/** Jinke's e-book readers (Hanlin V5): inodes of 16 bytes, so that Linux finds no root directory. */
export const JINKE: Dialect = {
  name: 'jinke',
  title: 'Jinke e-book readers (16-byte inodes)',
  linux: 'misreads',
  inodes: INODES,
  matches: ({ superblock, bytes, view }) => {
    if (isUsualRootOffset(dataOffset(superblock.root))) return false;
    const at = superblock.offset + CRAMFS_SUPER_ROOT_OFFSET;
    if (at + INODES.size > bytes.length) return false;
    const root = decode(view, at, superblock.endianness);
    const start = dataOffset(root);
    if (start < superblock.offset + CRAMFS_SUPER_SIZE + SURPLUS) return false;
    return isDirectory({ bytes, view, superblock }, start, root.size);
  },
};

function decode(view: DataView, at: number, endianness: Endianness): RawInode {
  const inode = { mode: 0, uid: 0, size: 0, gid: 0, namelen: 0, unknown: 0 };
  WORDS.forEach((fields, index) => {
    unpackWord(getU32(view, at + 4 * index, endianness), fields, endianness, inode);
  });
  const { mode, uid, size, gid, namelen } = inode;
  const raw = { mode, uid, size, gid, namelen, offset: getU32(view, at + OFFSET_AT, endianness) };
  const isLarge = endianness === 'little' && gid > 0 && hasExcessPointers(view, raw);
  return isLarge ? { ...raw, size: gid * SIZE_LIMIT + size, gid: 0 } : raw;
}

/** What Linux takes for the size of a file. */
const SIZE_LIMIT = 2 ** 24;
const BLOCK_SIZE = 4096;

/**
 * True if a file has more block pointers than a size of 24 bits needs: 4096 more for each 16 MiB. The higher
 * bits of the size are in Linux's gid field. A file of 16 MiB or more shows that these bits are not a gid:
 * its first block starts after all the pointers, and ends where the first pointer says.
 */
function hasExcessPointers(view: DataView, raw: RawInode): boolean {
  const start = dataOffset(raw);
  if (fileType(raw.mode) !== 'file' || start === 0) return false;
  if (start + BLOCK_POINTER_SIZE > view.byteLength) return false;
  const blocks = blockCount(raw.gid * SIZE_LIMIT + raw.size, BLOCK_SIZE);
  const length = getU32(view, start, 'little') - (start + blocks * BLOCK_POINTER_SIZE);
  return length >= 0 && length <= 2 * BLOCK_SIZE;
}

function isDirectory({ bytes, view, superblock }: Probe, start: number, size: number): boolean {
  const end = Math.min(start + size, bytes.length);
  let at = start;
  for (let entries = 0; entries < ROOT_ENTRIES && at < end; entries += 1) {
    if (at + INODES.size > end) return false;
    const inode = decode(view, at, superblock.endianness);
    const next = at + INODES.size + nameFieldLength(inode);
    if (fileType(inode.mode) === undefined || inode.namelen === 0 || next > end) return false;
    at = next;
  }
  return at > start;
}

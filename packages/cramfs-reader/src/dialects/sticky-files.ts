import {
  BLOCK_POINTER_SIZE,
  S_ISVTX,
  alignUp,
  blockCount,
  dataOffset,
  decodeBlockPointer,
  fileType,
  getU32,
  nameFieldLength,
  type RawInode,
} from 'cramfs-format';
import { LINUX_INODES, type Probe } from './dialect.js';

/** Page size of the kernels that had these dialects. */
export const EXTENT_ALIGNMENT = 4096;

/** How many entries are examined: an image of one of these dialects shows it early. */
const MAX_ENTRIES = 20_000;
/** Files that are asked. */
const MAX_FILES = 64;

/** What the regular files of an image say about extents. */
export interface StickyFiles {
  /** Sticky files with content that can be in one piece, and cannot have block pointers. */
  readonly extents: number;
  /** Sticky files with content that have block pointers, or are outside the image. */
  readonly others: number;
  /** Regular files without the sticky bit that have content. */
  readonly plain: number;
}

const found = new WeakMap<Uint8Array, StickyFiles>();

/** Looks at some thousand entries, once for each image. */
export function stickyFiles(probe: Probe): StickyFiles {
  const known = found.get(probe.bytes);
  if (known !== undefined) return known;
  const files = countStickyFiles(probe);
  found.set(probe.bytes, files);
  return files;
}

/**
 * Not the usual walk: every opened image gets here, hardly any has such files, and damage must cost only what
 * follows it.
 */
function countStickyFiles({ bytes, view, superblock }: Probe): StickyFiles {
  const { endianness, root } = superblock;
  let extents = 0;
  let others = 0;
  let plain = 0;
  let entries = 0;
  const seen = new Set<number>();
  const directories: RawInode[] = [root];
  for (let dir = directories.pop(); dir !== undefined; dir = directories.pop()) {
    const start = dataOffset(dir);
    if (start === 0 || seen.has(start)) continue;
    seen.add(start);
    const end = Math.min(start + dir.size, bytes.length);
    for (let at = start; at + LINUX_INODES.size <= end;) {
      entries += 1;
      if (entries > MAX_ENTRIES || extents + others >= MAX_FILES) return { extents, others, plain };
      const inode = LINUX_INODES.decode(view, at, endianness);
      const type = fileType(inode.mode);
      if (type === 'directory') directories.push(inode);
      else if (type === 'file' && inode.size > 0) {
        if ((inode.mode & S_ISVTX) === 0) plain += 1;
        else if (canBeExtent(bytes, view, inode, superblock.endianness)) extents += 1;
        else others += 1;
      }
      at += LINUX_INODES.size + nameFieldLength(inode);
    }
  }
  return { extents, others, plain };
}

/** From the inode's offset to the page boundary there are zeros, so there are no block pointers. */
function canBeExtent(
  bytes: Uint8Array,
  view: DataView,
  inode: RawInode,
  endianness: Probe['superblock']['endianness'],
): boolean {
  const offset = dataOffset(inode);
  const start = alignUp(offset, EXTENT_ALIGNMENT);
  if (offset === 0 || start + inode.size > bytes.length) return false;
  for (let at = offset; at < start; at += 1) if (bytes[at] !== 0) return false;
  return start > offset || !startsWithPointer(bytes, view, inode, endianness);
}

/** True if what is at the offset can be the first pointer of a table. */
function startsWithPointer(
  bytes: Uint8Array,
  view: DataView,
  inode: RawInode,
  endianness: Probe['superblock']['endianness'],
): boolean {
  const offset = dataOffset(inode);
  const pointer = decodeBlockPointer(getU32(view, offset, endianness));
  if (pointer.kind === 'direct') return pointer.start + BLOCK_POINTER_SIZE <= bytes.length;
  const tableEnd = offset + blockCount(inode.size, EXTENT_ALIGNMENT) * BLOCK_POINTER_SIZE;
  return pointer.end >= tableEnd && pointer.end <= tableEnd + 2 * EXTENT_ALIGNMENT;
}

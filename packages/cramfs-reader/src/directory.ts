import { CramfsError, bytesToName, nameFieldLength, plural } from 'cramfs-format';
import type { ImageData } from './image-data.js';
import { makeInode } from './inode.js';
import type { DirectoryEntry, Inode } from './types.js';

/**
 * Entries of a directory in stored order. Compare fs/cramfs/inode.c:cramfs_readdir(), which does not check
 * whether an entry reaches beyond the directory's end; here that is an error.
 *
 * @throws CramfsError at the first entry that cannot be right, after yielding those before it.
 */
export function* directoryEntries(image: ImageData, dir: Inode): Generator<DirectoryEntry> {
  if (dir.type !== 'directory') {
    throw new CramfsError('WRONG_TYPE', 'not a directory', { offset: dir.entryOffset });
  }
  if (isEmptyDirectory(image, dir)) return;
  const end = dir.dataOffset + dir.size;
  const { inodes } = image.dialect;
  for (let at = dir.dataOffset; at < end;) {
    const nameAt = at + inodes.size;
    checkEnd(image, at, nameAt, end);
    const raw = inodes.decode(image.view, at, image.endianness);
    const next = nameAt + nameFieldLength(raw);
    checkEnd(image, at, next, end);
    yield { name: readName(image.bytes, at, nameAt, next), inode: makeInode(raw, at) };
    at = next;
  }
}

/**
 * True if there is nothing to read. A root without an offset is an empty file system, whatever its
 * size says: compare fs/cramfs/inode.c:cramfs_read_super(), "empty filesystem".
 */
function isEmptyDirectory(image: ImageData, dir: Inode): boolean {
  if (dir.size === 0) return true;
  if (dir.dataOffset !== 0) return false;
  if (dir.entryOffset === image.root.entryOffset) return true;
  throw new CramfsError(
    'BAD_ENTRY',
    `a directory of ${plural(dir.size, 'byte')} has no data offset`,
    {
      offset: dir.entryOffset,
    },
  );
}

function checkEnd(image: ImageData, at: number, end: number, directoryEnd: number): void {
  if (end > image.size) {
    throw new CramfsError(
      'OUT_OF_RANGE',
      `a directory entry at ${at} reaches beyond the image's end at ${image.size}`,
      { offset: at },
    );
  }
  if (end > directoryEnd) {
    throw new CramfsError(
      'BAD_ENTRY',
      `a directory entry at ${at} reaches beyond its directory's end at ${directoryEnd}`,
      { offset: at },
    );
  }
}

function readName(bytes: Uint8Array, entry: number, start: number, end: number): string {
  let last = end;
  while (last > start && bytes[last - 1] === 0) last -= 1;
  if (last === start) {
    throw new CramfsError('BAD_ENTRY', `the directory entry at ${entry} has no name`, {
      offset: entry,
    });
  }
  return bytesToName(bytes.subarray(start, last));
}

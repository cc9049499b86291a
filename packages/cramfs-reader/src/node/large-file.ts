import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { findImages, type ImageCandidate } from '../find-images.js';
import { findSuperblock, statedSize } from '../superblock.js';
import { nodeZlib } from './zlib.js';

/** Enough for a pad and a superblock. */
const HEAD = 4096;
/** No image without a stated size reaches further: 26 bits of offset, times four, and a file of 16 MiB. */
const MAX_SIZE = 2 ** 28 + 2 ** 24;
/** A size stated in the superblock is believed up to here. */
const MAX_STATED_SIZE = 2 ** 31 - 1;
const MAX_READ = 2 ** 30;

/** How a large file is searched: windows of `step + overlap` bytes, one every `step` bytes. */
export interface SearchWindows {
  readonly step: number;
  /** Images larger than this that cross a window's end seem to be truncated. */
  readonly overlap: number;
}

const DEFAULT_WINDOWS: SearchWindows = { step: 2 ** 28, overlap: MAX_SIZE };

/** True for a file or block device of more than `limit` bytes: too large to be read as a whole. */
export function isLargerThan(path: string, limit: number): boolean {
  // Do not open it to find out: a pipe can be opened only once.
  const status = statSync(path);
  if (!status.isBlockDevice()) return status.size > limit;
  return withFile(path, (fd) => readAt(fd, new Uint8Array(1), limit) > 0);
}

/**
 * Reads one image out of a file of any size: only the image's bytes, into memory that worker threads can
 * share.
 *
 * @param offset of the image in the file.
 * @returns the available part of the image, from its byte 0 on; only some bytes if there is no superblock.
 * @throws the system's error.
 */
export function readImageRange(path: string, offset: number): Uint8Array {
  return withFile(path, (fd) => {
    const head = new Uint8Array(HEAD);
    const found = head.subarray(0, readAt(fd, head, offset));
    const superblock = findSuperblock(new DataView(head.buffer, 0, found.length));
    if (superblock === undefined) return found;
    const wanted = Math.min(statedSize(superblock) ?? MAX_SIZE, MAX_STATED_SIZE);
    const status = fstatSync(fd);
    const there = status.isFile() ? Math.max(0, status.size - offset) : wanted;
    const bytes = new Uint8Array(new SharedArrayBuffer(Math.min(wanted, there)));
    return bytes.subarray(0, readAt(fd, bytes, offset));
  });
}

/**
 * Like findImages(), in a file of any size: a window of some hundred megabytes is in memory at a time.
 *
 * @throws the system's error.
 */
export function findImagesInFile(
  path: string,
  { step, overlap }: SearchWindows = DEFAULT_WINDOWS,
): ImageCandidate[] {
  return withFile(path, (fd) => {
    const buffer = new Uint8Array(step + overlap);
    const found: ImageCandidate[] = [];
    /** The inside of a sound image is not searched. */
    let searched = 0;
    for (let start = 0; ; start += step) {
      const window = buffer.subarray(0, readAt(fd, buffer, start));
      for (const candidate of findImages(window, { zlib: nodeZlib })) {
        const offset = start + candidate.offset;
        // An image that starts in the overlap belongs to the next window.
        if (candidate.offset >= step || offset < searched) continue;
        found.push({ ...candidate, offset });
        if (candidate.crcOk === true) searched = offset + candidate.size;
      }
      if (window.length < buffer.length) return found;
    }
  });
}

function withFile<T>(path: string, action: (fd: number) => T): T {
  const fd = openSync(path, 'r');
  try {
    return action(fd);
  } finally {
    closeSync(fd);
  }
}

/** Fills `into` from `position` on. @returns how many bytes there were. */
function readAt(fd: number, into: Uint8Array, position: number): number {
  let length = 0;
  while (length < into.length) {
    const wanted = Math.min(into.length - length, MAX_READ);
    const got = readSync(fd, into, length, wanted, position + length);
    if (got === 0) break;
    length += got;
  }
  return length;
}

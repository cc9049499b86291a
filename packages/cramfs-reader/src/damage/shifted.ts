import { isCramfsError } from 'cramfs-format';
import { openImage, type CramfsImage } from '../image.js';
import type { Inode } from '../types.js';

/** Bytes that were left out of a dump, or came into it. */
export interface Shift {
  /** Image offset from which on everything is somewhere else. */
  readonly at: number;
  /** How much further on it is; negative if bytes are missing. */
  readonly by: number;
}

/** Erase blocks of NAND chips, which are skipped as a whole. */
const ERASE_SIZES = [2 ** 14, 2 ** 16, 2 ** 17, 2 ** 18, 2 ** 19];
const MOST_BLOCKS = 4;
/** Files that are tried at their new places. */
const SAMPLES = 48;

/**
 * Finds out whether everything from some place on has been shifted by whole erase blocks, as when a bad
 * block was skipped on the one side only: the files after it can be read then.
 *
 * @returns undefined if all files can be read, or no shift helps.
 */
export function findShift(image: CramfsImage): Shift | undefined {
  const files = filesByPlace(image);
  const first = files.findIndex((inode) => !isReadable(image, inode));
  const bad = files[first];
  if (bad === undefined) return undefined;
  const samples = files.slice(first, first + SAMPLES);
  const limit = files[first + 1]?.dataOffset ?? image.bytes.length;
  let best: { readonly shift: Shift; readonly score: number } | undefined;
  let least = readableBlocks(image, samples);
  for (const eraseSize of ERASE_SIZES) {
    // Superblock and root directory are where they were: they have led here.
    const from = Math.max(1, Math.floor(bad.dataOffset / eraseSize)) * eraseSize;
    for (let at = from; at <= limit && at < image.bytes.length; at += eraseSize) {
      for (let count = 1; count <= MOST_BLOCKS; count += 1) {
        for (const by of [count * eraseSize, -count * eraseSize]) {
          const shift = { at, by };
          const score = scoreOf(image, shift, samples);
          if (score <= least) continue;
          least = score;
          best = { shift, score };
        }
      }
    }
  }
  return best?.shift;
}

/** A copy with everything in its place again; what is missing is zeros. */
export function withoutShift(bytes: Uint8Array, { at, by }: Shift): Uint8Array<ArrayBuffer> {
  const straight = new Uint8Array(Math.max(at, bytes.length - by));
  straight.set(bytes.subarray(0, at));
  if (by > 0) straight.set(bytes.subarray(at + by), at);
  else straight.set(bytes.subarray(at), at - by);
  return straight;
}

/** Returns each file that has data, once, in the order of its data. */
function filesByPlace(image: CramfsImage): Inode[] {
  const files = new Map<number, Inode>();
  for (const { inode } of image.walk(image.root, { onError: () => undefined })) {
    if (inode.type !== 'file' || inode.size === 0 || inode.dataOffset === 0) continue;
    if (!files.has(inode.dataOffset)) files.set(inode.dataOffset, inode);
  }
  return [...files.values()].sort((a, b) => a.dataOffset - b.dataOffset);
}

/** How many blocks of `files` can be read with everything shifted back. */
function scoreOf(image: CramfsImage, shift: Shift, files: readonly Inode[]): number {
  const { at, by } = shift;
  if (at + by >= image.bytes.length) return 0;
  const { blockSize, dialect, zlib } = image;
  const bytes = withoutShift(image.bytes, shift);
  const straight = openImage(bytes, { blockSize, dialect: dialect.name, zlib, lzma: zlib });
  return readableBlocks(straight, files);
}

function readableBlocks(image: CramfsImage, files: readonly Inode[]): number {
  let count = 0;
  for (const inode of files) {
    const blocks = Math.ceil(inode.size / image.blockSize);
    for (let index = 0; index < blocks; index += 1) {
      if (succeeds(() => image.readBlock(inode, index))) count += 1;
    }
  }
  return count;
}

function isReadable(image: CramfsImage, inode: Inode): boolean {
  return succeeds(() => image.readFile(inode));
}

function succeeds(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (isCramfsError(error)) return false;
    throw error;
  }
}

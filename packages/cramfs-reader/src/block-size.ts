import {
  BLOCK_POINTER_SIZE,
  CRAMFS_BLOCK_SIZES,
  CRAMFS_DEFAULT_BLOCK_SIZE,
  DIRECT_LENGTH_SIZE,
  blockCount,
  decodeBlockPointer,
  getU16,
  getU32,
  nextDirectPointer,
  type BlockSize,
} from 'cramfs-format';
import type { ImageData } from './image-data.js';
import type { Inode } from './types.js';
import { walkTree } from './walk.js';

/**
 * Limits of directory entries examined and files tested, and the lead in votes that stops the count early.
 */
const MAX_ENTRIES = 20_000;
const MAX_FILES = 64;
const CLEAR_LEAD = 3;

/** What the files of an image say about its block size, which the superblock does not tell. */
export interface BlockSizeVotes {
  /** The best guess. */
  readonly size: BlockSize;
  /** Files of more than one block that voted, and how many of them agree with `size`. */
  readonly files: number;
  readonly votes: number;
  /** A file that voted has an extended pointer first. */
  readonly extended: boolean;
  /** All sizes that equally many files agree with: if there is more than one, the size is uncertain. */
  readonly candidates: readonly BlockSize[];
}

/**
 * Finds the block size of an image, see {@link countBlockSizeVotes}.
 *
 * @param image opened with any block size, which is not used.
 * @param preferred used if nothing suggests another one, such as the page size of a kernel.
 */
export function detectBlockSize(image: ImageData, preferred?: BlockSize): BlockSize {
  return countBlockSizeVotes(image, preferred).size;
}

/**
 * Lets the files of an image vote on its block size, which the superblock does not tell. Files of more than
 * one block vote for every size under which their first block makes sense:
 *
 * - an end pointer, compressed: after the pointer table, whose length depends on the block size,
 *   there is a zlib stream that inflates to exactly min(block size, file size) bytes;
 * - an end pointer, uncompressed: the block is exactly that long;
 * - an end pointer, hole: it points exactly to the end of the table;
 * - a direct pointer, compressed: the stream inflates to exactly that many bytes;
 * - a direct pointer, uncompressed: the second pointer follows one block later.
 *
 * The most votes win. On a tie (no file seen was long enough to tell these sizes apart, or there is none),
 * `preferred` wins if it is among them, else the smallest. A bounded number of entries and files is examined,
 * and damage only costs votes.
 */
export function countBlockSizeVotes(image: ImageData, preferred?: BlockSize): BlockSizeVotes {
  const votes = new Map<BlockSize, number>(CRAMFS_BLOCK_SIZES.map((size) => [size, 0]));
  let leader: BlockSize = CRAMFS_DEFAULT_BLOCK_SIZE;
  let entries = 0;
  let files = 0;
  let extended = false;
  for (const { inode } of walkTree(image, image.root, { onError: () => undefined })) {
    entries += 1;
    if (entries > MAX_ENTRIES) break;
    // A file of one block looks the same under all sizes from the current best up.
    if (inode.type !== 'file' || inode.size <= leader || inode.dataOffset === 0) continue;
    extended ||= startsExtended(image, inode);
    for (const [size, count] of votes) {
      if (firstBlockFits(image, inode, size)) votes.set(size, count + 1);
    }
    const ranking = [...votes].sort(([, a], [, b]) => b - a);
    const [[first, most], [, second]] = ranking as [[BlockSize, number], [BlockSize, number]];
    leader = first;
    files += 1;
    if (files === MAX_FILES || most - second >= CLEAR_LEAD) break;
  }
  const most = votes.get(leader)!;
  const candidates = [...votes].filter(([, count]) => count === most).map(([size]) => size);
  const size = candidates.find((candidate) => candidate === preferred) ?? leader;
  return { size, files, votes: most, extended, candidates };
}

function startsExtended({ view, endianness, size }: ImageData, { dataOffset }: Inode): boolean {
  if (dataOffset + BLOCK_POINTER_SIZE > size) return false;
  const pointer = decodeBlockPointer(getU32(view, dataOffset, endianness));
  return pointer.kind === 'direct' || pointer.uncompressed;
}

function firstBlockFits(image: ImageData, inode: Inode, blockSize: number): boolean {
  const count = blockCount(inode.size, blockSize);
  const tableEnd = inode.dataOffset + count * BLOCK_POINTER_SIZE;
  if (tableEnd > image.size) return false;
  const size = Math.min(blockSize, inode.size);
  const raw = getU32(image.view, inode.dataOffset, image.endianness);
  const pointer = decodeBlockPointer(raw);
  if (pointer.kind === 'end') {
    const length = pointer.end - tableEnd;
    if (length === 0) return true;
    if (pointer.uncompressed) return length === size;
    return length <= 2 * blockSize && inflatesTo(image, tableEnd, length, size);
  }
  if (pointer.uncompressed) {
    return (
      count > 1 &&
      getU32(image.view, inode.dataOffset + BLOCK_POINTER_SIZE, image.endianness) ===
        nextDirectPointer(raw, blockSize)
    );
  }
  const start = pointer.start + DIRECT_LENGTH_SIZE;
  if (start > image.size) return false;
  const length = getU16(image.view, pointer.start, image.endianness);
  return inflatesTo(image, start, length, size);
}

function inflatesTo(image: ImageData, start: number, length: number, size: number): boolean {
  if (length < 2 || start + length > image.size) return false;
  // Check the two bytes of a zlib header: most wrong guesses then cost no exception.
  if ((image.bytes[start]! & 0x0f) !== 8) return false;
  if ((image.bytes[start]! * 256 + image.bytes[start + 1]!) % 31 !== 0) return false;
  try {
    return image.zlib.inflate(image.bytes.subarray(start, start + length), size).length === size;
  } catch {
    return false;
  }
}

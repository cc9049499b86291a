import { CramfsImage } from '../image.js';
import type { Inode } from '../types.js';
import { isDirectory } from './directories.js';
import { readableBlock } from './soundness.js';

/** Bytes that were left out of a dump, or inserted into it. */
export interface Shift {
  /** Image offset from which on everything is shifted. */
  readonly at: number;
  /** How far it is shifted; negative if bytes are missing. */
  readonly by: number;
}

/** Erase blocks of NAND chips, which are skipped as a whole. */
const ERASE_SIZES = [2 ** 14, 2 ** 16, 2 ** 17, 2 ** 18, 2 ** 19] as const;
const LEAST_ERASE_SIZE = ERASE_SIZES[0];
const MOST_BLOCKS = 4;
/** All distances, the shortest first. */
const DISTANCES: readonly number[] = [
  ...new Set(
    ERASE_SIZES.flatMap((size) => Array.from({ length: MOST_BLOCKS }, (_, n) => size * (n + 1))),
  ),
]
  .sort((a, b) => a - b)
  .flatMap((distance) => [distance, -distance]);
const FURTHEST = Math.max(...DISTANCES);

/** How many files, and blocks of each, are tried at their new places. */
const SAMPLES = 24;
const BLOCKS = 4;
/** How many damaged files without a distance end the search. */
const MAX_FAILURES = 100;

/**
 * Finds out whether everything from some place on has been shifted by whole erase blocks, as when a bad block
 * was skipped on one side only: directories and files after it make sense then. Finds the first such place; a
 * dump can have several.
 *
 * @param from image offset before which everything is in its place.
 * @param origin offset of the image in the flash, from whose start erase blocks are counted.
 * @returns undefined if all files can be read, or no shift helps.
 */
export function findShift(image: CramfsImage, from: number, origin: number): Shift | undefined {
  const shifted = new ShiftedViews(image);
  return findDirectoryShift(shifted, origin) ?? findFileShift(shifted, from, origin);
}

/** A copy with everything in its place again; what is missing is zeros. */
export function withoutShift(bytes: Uint8Array, { at, by }: Shift): Uint8Array<ArrayBuffer> {
  const straight = new Uint8Array(Math.max(at, bytes.length - by));
  straight.set(bytes.subarray(0, at));
  if (by > 0) straight.set(bytes.subarray(at + by), at);
  else straight.set(bytes.subarray(at), at - by);
  return straight;
}

/** An image as it is, and with everything in it shifted back. */
class ShiftedViews {
  readonly image: CramfsImage;
  private padded: Uint8Array | undefined;

  constructor(image: CramfsImage) {
    this.image = image;
  }

  /** The bytes from `by` before byte 0 on. */
  bytes(by: number): Uint8Array {
    const { bytes } = this.image;
    if (this.padded === undefined) {
      this.padded = new Uint8Array(FURTHEST + bytes.length);
      this.padded.set(bytes, FURTHEST);
    }
    return this.padded.subarray(Math.min(FURTHEST + by, this.padded.length));
  }

  /** The superblock is copied: what is before the place of the shift is wrong here. */
  at(by: number): CramfsImage {
    const { superblock, dialect, wordSize, blockSize, zlib } = this.image;
    const bytes = this.bytes(by);
    return new CramfsImage({ bytes, superblock, dialect, wordSize }, blockSize, {
      zlib,
      lzma: zlib,
    });
  }
}

/** The first directory that makes no sense where it is, but does elsewhere, as a whole or from a place on. */
function findDirectoryShift(shifted: ShiftedViews, origin: number): Shift | undefined {
  const { image } = shifted;
  let sound = image.root.dataOffset;
  for (const { dataOffset, size } of directoriesByPlace(image)) {
    if (makesSense(shifted, dataOffset, size, { at: 0, by: 0 })) {
      sound = Math.max(sound, dataOffset + size);
      continue;
    }
    for (const by of DISTANCES) {
      const last = dataOffset + size;
      const places = [...erasePlaces(sound, last, origin), dataOffset];
      const at = places.find(
        (place) =>
          (by > 0 || place - by <= dataOffset) &&
          makesSense(shifted, dataOffset, size, { at: place, by }),
      );
      if (at !== undefined) return { at, by };
    }
  }
  return undefined;
}

function directoriesByPlace(image: CramfsImage): Inode[] {
  const directories = new Map<number, Inode>();
  for (const { inode } of image.walk(image.root, { onError: () => undefined })) {
    if (inode.type !== 'directory' || inode.size === 0 || inode.dataOffset === 0) continue;
    directories.set(inode.dataOffset, inode);
  }
  return [...directories.values()].sort((a, b) => a.dataOffset - b.dataOffset);
}

/** True if a directory makes sense, given what is shifted. */
function makesSense(
  shifted: ShiftedViews,
  start: number,
  size: number,
  { at, by }: Shift,
): boolean {
  const { image } = shifted;
  const { endianness, dialect } = image;
  const before = Math.max(0, Math.min(at - start, size));
  const rest = shifted.bytes(by).subarray(start + before, start + size);
  if (before + rest.length < size) return false;
  const bytes = new Uint8Array(size);
  bytes.set(image.bytes.subarray(start, start + before));
  bytes.set(rest, before);
  return isDirectory(new DataView(bytes.buffer), endianness, dialect.inodes);
}

/** Places where an erase block starts, from `from` to `to`. */
function* erasePlaces(from: number, to: number, origin: number): Generator<number> {
  const unit = LEAST_ERASE_SIZE;
  for (let at = Math.ceil((from + origin) / unit) * unit - origin; at <= to; at += unit) {
    if (at >= from) yield at;
  }
}

/** The first file that cannot be read, if files after it can be elsewhere. */
function findFileShift(shifted: ShiftedViews, from: number, origin: number): Shift | undefined {
  const { image } = shifted;
  const files = filesByPlace(image).filter(({ dataOffset }) => dataOffset >= from);
  let sound = from;
  let failures = 0;
  for (const [index, inode] of files.entries()) {
    const end = soundEnd(image, inode);
    sound = Math.max(sound, end.at);
    if (end.isWhole) continue;
    const samples = files.slice(index, index + SAMPLES);
    const by = nearestDistance(shifted, samples);
    if (by !== undefined) return { at: placeOf(shifted, samples, by, sound, origin), by };
    failures += 1;
    if (failures > MAX_FAILURES) return undefined;
  }
  return undefined;
}

/** Returns each file and symlink that has data, once, in the order of its data. */
function filesByPlace(image: CramfsImage): Inode[] {
  const files = new Map<number, Inode>();
  for (const { inode } of image.walk(image.root, { onError: () => undefined })) {
    if (inode.type !== 'file' && inode.type !== 'symlink') continue;
    if (inode.size === 0 || inode.dataOffset === 0) continue;
    if (!files.has(inode.dataOffset)) files.set(inode.dataOffset, inode);
  }
  return [...files.values()].sort((a, b) => a.dataOffset - b.dataOffset);
}

/** Where the readable data of a file ends. */
function soundEnd(image: CramfsImage, inode: Inode): { at: number; isWhole: boolean } {
  const count = Math.ceil(inode.size / image.blockSize);
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    const block = readableBlock(image, inode, index);
    if (block === undefined) return { at, isWhole: false };
    at = Math.max(at, block.start + block.length);
  }
  return { at, isWhole: true };
}

/**
 * The distance at which the next block that can be read is found: with several shifts larger distances are
 * right, too, but only for what comes later. A file's pointers are absolute, so it cannot be read at a wrong
 * distance.
 */
function nearestDistance(shifted: ShiftedViews, samples: readonly Inode[]): number | undefined {
  let best: { readonly by: number; readonly first: number } | undefined;
  for (const by of DISTANCES) {
    const view = shifted.at(by);
    for (const inode of samples) {
      if (best !== undefined && inode.dataOffset >= best.first) break;
      const [block] = readableBlocks(view, inode, true, BLOCKS);
      if (block === undefined || block.start >= (best?.first ?? Infinity)) continue;
      best = { by, first: block.start };
    }
  }
  return best?.by;
}

/** A block that can be read with the shift, or without. */
interface Candidate {
  readonly start: number;
  readonly end: number;
  readonly shifted: boolean;
}

/**
 * The erase block boundary with which the most blocks can be read, of those between the ones that are sound
 * either way.
 */
function placeOf(
  views: ShiftedViews,
  samples: readonly Inode[],
  by: number,
  sound: number,
  origin: number,
): number {
  const there = views.at(by);
  const first = samples
    .flatMap((inode) => readableBlocks(there, inode, true))
    .reduce((least, { start }) => Math.min(least, start), Infinity);
  // Missing bytes are before the part that is shifted.
  const last = by > 0 ? first : first + by;
  const blocks = samples
    .filter(({ dataOffset }) => dataOffset <= first + FURTHEST)
    .flatMap((inode) => [
      ...readableBlocks(views.image, inode, false),
      ...readableBlocks(there, inode, true),
    ]);
  let best = { at: Math.max(1, Math.min(last, Math.max(sound, last))), count: -1 };
  for (const at of erasePlaces(Math.min(sound, last), last, origin)) {
    if (at <= 0) continue;
    const from = by > 0 ? at : at - by;
    const count = blocks.filter((block) =>
      block.shifted ? block.start >= from : block.end <= at,
    ).length;
    if (count > best.count) best = { at, count };
  }
  return best.at;
}

/** The compressed blocks of a file that can be read, of at most `limit` blocks. */
function readableBlocks(
  image: CramfsImage,
  inode: Inode,
  shifted: boolean,
  limit = MAX_PLACED_BLOCKS,
): Candidate[] {
  const count = Math.min(Math.ceil(inode.size / image.blockSize), limit);
  const found: Candidate[] = [];
  for (let index = 0; index < count; index += 1) {
    const block = readableBlock(image, inode, index);
    if (block?.kind !== 'compressed') continue;
    found.push({ start: block.start, end: block.start + block.length, shifted });
  }
  return found;
}

/** The blocks of a file that show where the shift is. */
const MAX_PLACED_BLOCKS = 256;

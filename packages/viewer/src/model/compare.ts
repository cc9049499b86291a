import { isCramfsError, nameToText, type CramfsError } from 'cramfs-format';
import { diffSteps, type CramfsImage, type Difference, type Inode } from 'cramfs-reader';
import { hasBlocks, pointerTable, readableBlocks } from './entries.js';
import { mayBeInPlace, pagesOfFile } from './in-place.js';
import type { Kernel } from './kernel.js';
import { storedBytes } from './tree-table.js';

/** How many bytes of flash are compared at a time. */
export const COMPARED_BLOCK = 4096;

/** The state of an entry in one of two images. */
export interface Side {
  readonly size: number;
  readonly stored: number;
  readonly pages: number;
  readonly inPlace: number;
}

/** An entry that is not the same in both images. */
export interface ShownDifference {
  /** A byte string, and as text. */
  readonly path: string;
  readonly text: string;
  readonly kind: Difference['kind'];
  readonly what: Difference['what'];
  readonly before: Side | undefined;
  readonly after: Side | undefined;
}

export interface Comparison {
  readonly differences: readonly ShownDifference[];
  /** What could not be compared, in words. */
  readonly problems: readonly string[];
  readonly beforeSize: number;
  readonly afterSize: number;
  /** For each 4096 bytes of flash: 1 if they differ between the images. */
  readonly changed: Uint8Array;
}

/** The number of blocks of flash that a step compares. */
const STEP_BLOCKS = 256;

/**
 * Compares two images in steps: their trees, and the bytes of flash that they need. Between steps
 * the caller can do other work.
 */
export function* compareSteps(
  before: CramfsImage,
  after: CramfsImage,
  kernel: Kernel,
): Generator<undefined, Comparison> {
  const problems: string[] = [];
  const onError = ({ message, path }: CramfsError): void => {
    problems.push(path === undefined ? message : `${nameToText(path)}: ${message}`);
  };
  const differences: ShownDifference[] = [];
  const found = yield* diffSteps(before, after, { layout: true, onError });
  for (const { path, kind, what, before: a, after: b } of found) {
    differences.push({
      path,
      text: nameToText(path),
      kind,
      what,
      before: a && sideOf(before, a, kernel),
      after: b && sideOf(after, b, kernel),
    });
    yield;
  }
  const changed = yield* changedBlocks(before, after);
  return { differences, problems, beforeSize: before.size, afterSize: after.size, changed };
}

function sideOf(image: CramfsImage, inode: Inode, kernel: Kernel): Side {
  if (!hasBlocks(inode)) return { size: 0, stored: 0, pages: 0, inPlace: 0 };
  const blocks = readableBlocks(image, inode);
  const table = pointerTable(image, inode);
  return {
    size: inode.size,
    stored:
      blocks.reduce((sum, block) => sum + storedBytes(block), 0) +
      (table === undefined ? 0 : table[1] - table[0]),
    pages: inode.type === 'file' ? Math.ceil(inode.size / image.blockSize) : 0,
    inPlace: mayBeInPlace(inode, blocks) ? pagesOfFile(image, inode, kernel).directPages : 0,
  };
}

function* changedBlocks(before: CramfsImage, after: CramfsImage): Generator<undefined, Uint8Array> {
  const size = Math.max(before.size, after.size);
  const [a, b] = [before, after].map((image) => image.bytes.subarray(0, image.size)) as [
    Uint8Array,
    Uint8Array,
  ];
  const changed = new Uint8Array(Math.ceil(size / COMPARED_BLOCK));
  for (let block = 0; block < changed.length; block += 1) {
    const end = Math.min(size, (block + 1) * COMPARED_BLOCK);
    for (let at = block * COMPARED_BLOCK; at < end; at += 1) {
      if (a[at] === b[at]) continue;
      changed[block] = 1;
      break;
    }
    if (block % STEP_BLOCKS === 0) yield;
  }
  return changed;
}

/** Ranges of an image that a file takes: start and end alternate. Empty if there is no such file. */
export function placesOf(image: CramfsImage, path: string): readonly number[] {
  let inode: Inode;
  try {
    inode = image.lookup(path, { followSymlinks: false });
  } catch (error) {
    if (isCramfsError(error)) return [];
    throw error;
  }
  if (!hasBlocks(inode)) return [];
  const places = [...(pointerTable(image, inode) ?? [])];
  for (const { kind, start, length } of readableBlocks(image, inode)) {
    if (kind === 'hole') continue;
    if (places.at(-1) === start) places.splice(-1, 1, start + length);
    else places.push(start, start + length);
  }
  return places;
}

import { isCramfsError, withPath, type CramfsError, type DeviceNumber } from 'cramfs-format';
import type { CramfsImage } from './image.js';
import type { Block, Inode } from './types.js';

/** What differs between two entries with the same path. */
export type DifferenceAspect =
  | 'type'
  | 'mode'
  | 'owner'
  | 'size'
  | 'content'
  | 'target'
  | 'rdev'
  /** The same content in blocks of other kinds; looked at only if asked for. */
  | 'layout';

export interface Difference {
  /** Byte string, `/` first. */
  readonly path: string;
  readonly kind: 'added' | 'removed' | 'changed';
  /** Empty unless the kind is `changed`. */
  readonly what: readonly DifferenceAspect[];
  readonly before: Inode | undefined;
  readonly after: Inode | undefined;
}

export interface DiffOptions {
  /** Also compare how the blocks are stored; default false. */
  layout?: boolean | undefined;
  /** Told what cannot be read, and of which image; the rest is compared. Default: it is thrown. */
  onError?: ((error: CramfsError, image: CramfsImage) => void) | undefined;
}

/**
 * Compares two images by what is in them, whatever their byte order, block size and layout.
 *
 * @returns the differences from `before` to `after`, sorted by path, byte by byte.
 * @throws CramfsError with the path for what is damaged in one of the images, unless `onError` takes it.
 */
export function diffImages(
  before: CramfsImage,
  after: CramfsImage,
  { layout = false, onError }: DiffOptions = {},
): Difference[] {
  const old = inodesByPath(before, onError);
  const differences: Difference[] = [];
  for (const [path, b] of inodesByPath(after, onError)) {
    const a = old.get(path);
    old.delete(path);
    if (a === undefined) {
      differences.push({ path, kind: 'added', what: [], before: undefined, after: b });
      continue;
    }
    let what: DifferenceAspect[] = [];
    try {
      what = compare(before, a, after, b, layout);
    } catch (error) {
      if (!isCramfsError(error)) throw error;
      const damage = [...problemsOf(before, a), ...problemsOf(after, b)];
      if (onError === undefined || damage.length === 0) throw withPath(error, path);
      for (const problem of damage) onError(withPath(problem.error, path), problem.image);
    }
    if (what.length > 0) differences.push({ path, kind: 'changed', what, before: a, after: b });
  }
  for (const [path, a] of old) {
    differences.push({ path, kind: 'removed', what: [], before: a, after: undefined });
  }
  return differences.sort((x, y) => (x.path < y.path ? -1 : 1));
}

function inodesByPath(image: CramfsImage, onError: DiffOptions['onError']): Map<string, Inode> {
  const inodes = new Map<string, Inode>();
  const options = onError && {
    onError: (error: CramfsError): void => {
      onError(error, image);
    },
  };
  for (const { path, inode } of image.walk(image.root, options)) inodes.set(path, inode);
  return inodes;
}

function compare(
  imageA: CramfsImage,
  a: Inode,
  imageB: CramfsImage,
  b: Inode,
  layout: boolean,
): DifferenceAspect[] {
  const what: DifferenceAspect[] = [];
  const sameType = a.type === b.type;
  if (!sameType) what.push('type');
  if ((a.mode & PERMISSIONS) !== (b.mode & PERMISSIONS)) what.push('mode');
  if (a.uid !== b.uid || a.gid !== b.gid) what.push('owner');
  if (!sameType) return what;
  switch (a.type) {
    case 'file':
      if (a.size !== b.size) what.push('size');
      if (a.size !== b.size || !sameContent(imageA, a, imageB, b)) what.push('content');
      else if (layout && layoutOf(imageA, a) !== layoutOf(imageB, b)) what.push('layout');
      break;
    case 'symlink':
      if (imageA.readlink(a) !== imageB.readlink(b)) what.push('target');
      break;
    case 'char-device':
    case 'block-device':
      if (!sameDevice(a.rdev, b.rdev)) what.push('rdev');
      break;
    case 'directory':
    case 'fifo':
    case 'socket':
    case undefined:
  }
  return what;
}

const PERMISSIONS = 0o7777;

/** Compares two files of one size; blocks that are stored alike need not be inflated. */
function sameContent(imageA: CramfsImage, a: Inode, imageB: CramfsImage, b: Inode): boolean {
  if (imageA.blockSize !== imageB.blockSize) return equal(imageA.readFile(a), imageB.readFile(b));
  const blocksB = imageB.blocks(b);
  return imageA.blocks(a).every((blockA, index) => {
    const blockB = blocksB[index]!;
    return (
      (blockA.kind === blockB.kind && equal(stored(imageA, blockA), stored(imageB, blockB))) ||
      equal(imageA.readBlock(a, index), imageB.readBlock(b, index))
    );
  });
}

function stored(image: CramfsImage, { start, length }: Block): Uint8Array {
  return image.bytes.subarray(start, start + length);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false;
  return true;
}

function sameDevice(a: DeviceNumber | undefined, b: DeviceNumber | undefined): boolean {
  return a?.major === b?.major && a?.minor === b?.minor;
}

/** One letter for each block: what it is, in upper case if its pointer is direct. */
function layoutOf(image: CramfsImage, inode: Inode): string {
  return image
    .blocks(inode)
    .map(({ kind, direct }) => (direct ? kind.toUpperCase() : kind).charAt(0))
    .join('');
}

/** What keeps the content of an inode from being read: to tell whose damage a comparison met. */
function problemsOf(
  image: CramfsImage,
  inode: Inode,
): { image: CramfsImage; error: CramfsError }[] {
  try {
    if (inode.type === 'symlink') image.readlink(inode);
    else image.readFile(inode);
    return [];
  } catch (error) {
    if (!isCramfsError(error)) throw error;
    return [{ image, error }];
  }
}

import { isCramfsError, withPath, type CramfsError, type DeviceNumber } from 'cramfs-format';
import { blockContent } from './blocks.js';
import type { CramfsImage } from './image.js';
import { DEFAULT_MAX_ENTRIES, checkEntryCount } from './max-entries.js';
import { takeSteps } from './steps.js';
import type { Block, Inode, WalkEntry } from './types.js';

/** What differs between two entries with the same path. */
export type DifferenceAspect =
  | 'type'
  | 'mode'
  | 'owner'
  | 'size'
  | 'content'
  | 'target'
  | 'rdev'
  /** The same content in blocks of other kinds; compared only on request. */
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
  /** Most entries that each image may have; default 500,000. */
  maxEntries?: number | undefined;
  /** Called with what cannot be read, and the image it is in; the rest is compared. Default: throws it. */
  onError?: ((error: CramfsError, image: CramfsImage) => void) | undefined;
}

/**
 * Compares the contents of two images, whatever their byte order, block size and layout.
 *
 * @returns the differences from `before` to `after`, sorted by path, byte by byte.
 * @throws CramfsError with the path for what is damaged in one of the images, unless `onError` takes it;
 * TOO_BIG for more entries than `maxEntries`.
 */
export function diffImages(
  before: CramfsImage,
  after: CramfsImage,
  options: DiffOptions = {},
): Difference[] {
  return takeSteps(diffSteps(before, after, options));
}

/** {@link diffImages} in steps, one for each entry. Between steps the caller can do other work. */
export function* diffSteps(
  before: CramfsImage,
  after: CramfsImage,
  { layout = false, maxEntries = DEFAULT_MAX_ENTRIES, onError }: DiffOptions = {},
): Generator<undefined, Difference[]> {
  // A value becomes undefined once the entry was compared. Of two entries with the same name, Linux
  // finds the first.
  const old = new Map<string, WalkEntry | undefined>();
  for (const entry of walk(before, maxEntries, onError)) {
    if (!old.has(entry.path)) old.set(entry.path, entry);
    yield;
  }
  const contents = new Contents(before, after);
  const differences: Difference[] = [];
  for (const { path: found, inode: b } of walk(after, maxEntries, onError)) {
    yield;
    const entry = old.get(found);
    if (entry === undefined && old.has(found)) continue;
    old.set(found, undefined);
    // Use one of two equal strings, so that only one is kept.
    const { path, inode: a } = entry ?? { path: found, inode: undefined };
    if (a === undefined) {
      differences.push({ path, kind: 'added', what: [], before: undefined, after: b });
      continue;
    }
    let what: DifferenceAspect[] = [];
    try {
      what = compare(contents, a, b, layout);
    } catch (error) {
      if (!isCramfsError(error)) throw error;
      const damage = contents.problems(a, b);
      if (onError === undefined || damage.length === 0) throw withPath(error, path);
      for (const problem of damage) onError(withPath(problem.error, path), problem.image);
    }
    if (what.length > 0) differences.push({ path, kind: 'changed', what, before: a, after: b });
  }
  for (const entry of old.values()) {
    if (entry === undefined) continue;
    const { path, inode } = entry;
    differences.push({ path, kind: 'removed', what: [], before: inode, after: undefined });
  }
  return differences.sort((x, y) => (x.path < y.path ? -1 : 1));
}

function* walk(
  image: CramfsImage,
  maxEntries: number,
  onError: DiffOptions['onError'],
): Generator<WalkEntry, void> {
  const options = onError && {
    onError: (error: CramfsError): void => {
      onError(error, image);
    },
  };
  let count = 0;
  for (const entry of image.walk(image.root, options)) {
    count += 1;
    checkEntryCount(count, maxEntries);
    yield entry;
  }
}

function compare(contents: Contents, a: Inode, b: Inode, layout: boolean): DifferenceAspect[] {
  const what: DifferenceAspect[] = [];
  const sameType = a.type === b.type;
  if (!sameType) what.push('type');
  if ((a.mode & PERMISSIONS) !== (b.mode & PERMISSIONS)) what.push('mode');
  if (a.uid !== b.uid || a.gid !== b.gid) what.push('owner');
  if (!sameType) return what;
  switch (a.type) {
    case 'file':
      if (a.size !== b.size) what.push('size');
      if (a.size !== b.size || !contents.areSame(a, b)) what.push('content');
      else if (layout && !contents.areStoredAlike(a, b)) what.push('layout');
      break;
    case 'symlink':
      if (contents.before.readlink(a) !== contents.after.readlink(b)) what.push('target');
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

interface Damage {
  readonly image: CramfsImage;
  readonly error: CramfsError;
}

/** Two blocks that have the same content. */
interface BlockPair {
  readonly a: Block;
  readonly b: Block;
}

/**
 * Compares contents, each pair once: thousands of names can share one table of pointers, and
 * thousands of tables the same blocks.
 */
class Contents {
  readonly before: CramfsImage;
  readonly after: CramfsImage;
  private readonly same = new Map<string, boolean | CramfsError>();
  private readonly alike = new Map<string, boolean>();
  private readonly damage = new Map<string, readonly Damage[]>();
  /** By the start of a block of `before`: the block last found equal to it. */
  private readonly equalBlocks = new Map<number, BlockPair>();

  constructor(before: CramfsImage, after: CramfsImage) {
    this.before = before;
    this.after = after;
  }

  /** Compares two files of one size. @throws CramfsError if a block cannot be read. */
  areSame(a: Inode, b: Inode): boolean {
    const known = remembered(this.same, pairKey(a, b), () => {
      try {
        return this.compareFiles(a, b);
      } catch (error) {
        if (isCramfsError(error)) return error;
        throw error;
      }
    });
    if (typeof known !== 'boolean') throw known;
    return known;
  }

  areStoredAlike(a: Inode, b: Inode): boolean {
    return remembered(
      this.alike,
      pairKey(a, b),
      () => layoutOf(this.before, a) === layoutOf(this.after, b),
    );
  }

  /** What prevents reading contents, for either image. */
  problems(a: Inode, b: Inode): readonly Damage[] {
    return [
      ...remembered(this.damage, `before,${inodeKey(a)}`, () => problemsOf(this.before, a)),
      ...remembered(this.damage, `after,${inodeKey(b)}`, () => problemsOf(this.after, b)),
    ];
  }

  private compareFiles(a: Inode, b: Inode): boolean {
    const { before, after } = this;
    if (before.blockSize !== after.blockSize) return equal(before.readFile(a), after.readFile(b));
    const blocksOfB = after.blocks(b);
    return before.blocks(a).every((block, index) => this.areEqualBlocks(block, blocksOfB[index]!));
  }

  /** Blocks that are stored alike need not be inflated. */
  private areEqualBlocks(a: Block, b: Block): boolean {
    const known = this.equalBlocks.get(a.start);
    if (known !== undefined && isSameBlock(known.a, a) && isSameBlock(known.b, b)) return true;
    const { before, after } = this;
    const areEqual =
      (a.kind === b.kind && equal(stored(before, a), stored(after, b))) ||
      equal(blockContent(before, a), blockContent(after, b));
    if (areEqual) this.equalBlocks.set(a.start, { a, b });
    return areEqual;
  }
}

/** Returns a key: inodes with the same key have the same pointers. */
function inodeKey({ type, dataOffset, size }: Inode): string {
  return `${String(type)},${dataOffset},${size}`;
}

function pairKey(a: Inode, b: Inode): string {
  return `${inodeKey(a)},${inodeKey(b)}`;
}

/** What `answers` has for `key`, computed if it has nothing. */
function remembered<T>(answers: Map<string, T>, key: string, find: () => T): T {
  const known = answers.get(key);
  if (known !== undefined) return known;
  const found = find();
  answers.set(key, found);
  return found;
}

function isSameBlock(a: Block, b: Block): boolean {
  return a.start === b.start && a.length === b.length && a.size === b.size && a.kind === b.kind;
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

/** One letter for each block: its kind, in upper case if its pointer is direct. */
function layoutOf(image: CramfsImage, inode: Inode): string {
  return image
    .blocks(inode)
    .map(({ kind, direct }) => (direct ? kind.toUpperCase() : kind).charAt(0))
    .join('');
}

/** What prevents reading the content of an inode: tells whose damage a comparison met. */
function problemsOf(image: CramfsImage, inode: Inode): Damage[] {
  try {
    if (inode.type === 'symlink') image.readlink(inode);
    else image.readFile(inode);
    return [];
  } catch (error) {
    if (!isCramfsError(error)) throw error;
    return [{ image, error }];
  }
}

import {
  CRAMFS_BLOCK_SIZES,
  CRAMFS_FLAG_EXT_BLOCK_POINTERS,
  CRAMFS_FLAG_SHIFTED_ROOT_OFFSET,
  CRAMFS_SIGNATURE,
  CRAMFS_SUPER_ROOT_OFFSET,
  CRAMFS_SUPER_SIZE,
  CramfsError,
  alignUp,
  dataOffset,
  directoryEntrySize,
  encodeInode,
  encodeSuperblock,
  fileType,
  nameFieldLength,
  nameToBytes,
  setU32,
  type Endianness,
} from 'cramfs-format';
import { LINUX_INODES, type InodeFormat } from '../dialects/dialect.js';
import { JINKE } from '../dialects/jinke.js';
import { openRgFlags } from '../dialects/openrg.js';
import { swapWords, type WordSize } from '../dialects/swapped-words.js';
import { openImage } from '../image.js';
import { lzmaInflater } from '../lzma.js';
import type { ZlibCodec } from '../zlib.js';
import { directoryAt, findDirectory, type EntryRun } from './directories.js';
import { attempt, soundness, soundnessScore } from './soundness.js';

/** A root directory without a superblock that leads to it. */
export interface FoundRoot {
  readonly offset: number;
  readonly size: number;
  readonly endianness: Endianness;
  readonly inodes: InodeFormat;
  /** Directories that it does not lead to, because the root itself is gone. */
  readonly others: readonly EntryRun[];
  /** The image, with its words in order. */
  readonly bytes: Uint8Array;
  readonly wordSize: WordSize;
}

const ROOT_MODE = 0o40755;
const ENDIANNESSES = ['little', 'big'] as const;

/** How inodes and words can be stored. */
interface Form {
  readonly wordSize: WordSize;
  readonly inodes: InodeFormat;
  /** How many bytes are searched: roots are at the start, after the superblock and any inserted file. */
  readonly limit: number;
}

/** The likeliest first. */
const FORMS: readonly Form[] = [
  { wordSize: 1, inodes: LINUX_INODES, limit: 2 ** 26 },
  { wordSize: 1, inodes: JINKE.inodes, limit: 2 ** 22 },
  { wordSize: 2, inodes: LINUX_INODES, limit: 2 ** 22 },
  { wordSize: 4, inodes: LINUX_INODES, limit: 2 ** 22 },
];

/** Looks for the first directory that makes sense, in an image of any dialect. */
export function findRoot(bytes: Uint8Array): FoundRoot | undefined {
  return inEachForm(bytes, (view, { inodes, limit }) => {
    const from = CRAMFS_SUPER_ROOT_OFFSET + inodes.size;
    const to = Math.min(view.byteLength, limit);
    const little = findDirectory(view, { from, to }, 'little', inodes);
    const big = findDirectory(view, { from, to: little?.offset ?? to }, 'big', inodes);
    if (big !== undefined) return { ...big, endianness: 'big' };
    return little && { ...little, endianness: 'little' };
  });
}

/**
 * The root directory at an offset, which ends at the first place that its entries lead to, or where they make
 * no sense.
 */
export function rootAt(bytes: Uint8Array, offset: number): FoundRoot | undefined {
  return inEachForm(bytes, (view, { inodes }) => inEitherOrder(view, offset, inodes));
}

type FoundRun = Pick<FoundRoot, 'offset' | 'size' | 'endianness'>;

function inEachForm(
  bytes: Uint8Array,
  find: (view: DataView, form: Form) => FoundRun | undefined,
): FoundRoot | undefined {
  for (const form of FORMS) {
    const { wordSize, inodes } = form;
    const straight = wordSize === 1 ? bytes : swapWords(bytes, wordSize);
    const view = viewOf(straight);
    const found = find(view, form);
    if (found === undefined) continue;
    const others = unreachable(view, found, inodes);
    return { ...found, inodes, others, bytes: straight, wordSize };
  }
  return undefined;
}

function inEitherOrder(view: DataView, offset: number, inodes: InodeFormat): FoundRun | undefined {
  for (const endianness of ENDIANNESSES) {
    const run = directoryAt(view, offset, endianness, inodes);
    if (run !== undefined) return { offset, size: run.size, endianness };
  }
  return undefined;
}

/**
 * Directories that nothing leads to: they are between the reachable ones and the data. If two of them are
 * consecutive, nothing tells where the second one starts.
 */
function unreachable(view: DataView, root: FoundRun, inodes: InodeFormat): EntryRun[] {
  const others: EntryRun[] = [];
  const reached = new Reached(view, root.endianness, inodes);
  reached.add(root);
  for (;;) {
    const range = { from: alignUp(reached.end, 4), to: reached.data };
    const run = findDirectory(view, range, root.endianness, inodes);
    if (run === undefined) return others;
    others.push(run);
    reached.add(run);
    if (reached.end <= run.offset) return others;
  }
}

/** How far the known directories reach, and where the data they lead to starts. */
class Reached {
  end = 0;
  data: number;
  private bytes = 0;
  private readonly seen = new Set<number>();
  private readonly view: DataView;
  private readonly endianness: Endianness;
  private readonly inodes: InodeFormat;

  constructor(view: DataView, endianness: Endianness, inodes: InodeFormat) {
    this.view = view;
    this.endianness = endianness;
    this.inodes = inodes;
    this.data = view.byteLength;
  }

  /** Adds a directory, and those below it. */
  add(directory: Pick<EntryRun, 'offset' | 'size'>): void {
    const pending = [directory];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      // In a sound image directories do not overlap.
      if (this.seen.has(next.offset) || this.bytes + next.size > this.view.byteLength) continue;
      this.seen.add(next.offset);
      this.bytes += next.size;
      const end = Math.min(next.offset + next.size, this.view.byteLength);
      this.end = Math.max(this.end, end);
      for (let at = next.offset; at + this.inodes.size <= end;) {
        const inode = this.inodes.decode(this.view, at, this.endianness);
        const offset = dataOffset(inode);
        if (offset > 0 && fileType(inode.mode) === 'directory') {
          pending.push({ offset, size: inode.size });
        } else if (offset > 0) {
          this.data = Math.min(this.data, offset);
        }
        at += this.inodes.size + nameFieldLength(inode);
      }
    }
  }
}

/** The image, and after it a root directory that leads to all that was found. */
function withNewRoot(root: FoundRoot): FoundRoot {
  const { bytes, inodes, endianness, others } = root;
  if (others.length === 0 || inodes !== LINUX_INODES) return root;
  const runs = [root, ...others];
  const start = alignUp(bytes.length, 4);
  const size = runs.reduce((sum, { offset }) => sum + directoryEntrySize(nameOf(offset).length), 0);
  const copy = new Uint8Array(start + size);
  copy.set(bytes);
  const view = viewOf(copy);
  let at = start;
  for (const { offset, size: length } of runs) {
    const name = nameToBytes(nameOf(offset));
    const namelen = Math.ceil(name.length / 4);
    const inode = { mode: ROOT_MODE, uid: 0, gid: 0, size: length, namelen, offset: offset / 4 };
    encodeInode(view, at, inode, endianness);
    copy.set(name, at + inodes.size);
    at += directoryEntrySize(name.length);
  }
  return { ...root, offset: start, size, bytes: copy };
}

function nameOf(offset: number): string {
  return `found-0x${offset.toString(16)}`;
}

/**
 * A copy with a superblock that leads to a root directory. It has neither size nor CRC, as both are lost. Its
 * flags are those with which most of the image can be read. If the root itself is gone, a new one leads to
 * the directories that are left, each by its offset.
 *
 * @throws CramfsError BAD_SUPERBLOCK if the root is where the superblock has to be.
 */
export function withSuperblock(found: FoundRoot, zlib: ZlibCodec): Uint8Array<ArrayBuffer> {
  const root = withNewRoot(found);
  const { bytes, inodes } = root;
  if (root.offset < CRAMFS_SUPER_ROOT_OFFSET + inodes.size) {
    throw new CramfsError('BAD_SUPERBLOCK', 'there is no room for a superblock before the root', {
      offset: root.offset,
    });
  }
  const copy = new Uint8Array(bytes);
  const view = new DataView(copy.buffer);
  let best: { readonly flags: number; readonly score: number } | undefined;
  for (const flags of flagsToTry(inodes)) {
    writeSuperblock(view, root, flags);
    const image = attempt(() => openImage(copy, { zlib, lzma: lzmaInflater }));
    const score = image === undefined ? 0 : soundnessScore(soundness(image));
    if (best === undefined || score > best.score) best = { flags, score };
  }
  writeSuperblock(view, root, best!.flags);
  return copy;
}

/** The flags that say how content is stored, the likeliest first. */
function flagsToTry(inodes: InodeFormat): number[] {
  const shifted = CRAMFS_FLAG_SHIFTED_ROOT_OFFSET;
  if (inodes !== LINUX_INODES) return [shifted];
  return [
    shifted,
    shifted | CRAMFS_FLAG_EXT_BLOCK_POINTERS,
    // ASXipFS if all files are sticky.
    shifted | 0x4,
    ...CRAMFS_BLOCK_SIZES.map((size) => shifted | openRgFlags(size, 'lzma')),
  ];
}

function writeSuperblock(
  view: DataView,
  { offset, size, endianness, inodes }: FoundRoot,
  flags: number,
): void {
  const root = { mode: ROOT_MODE, uid: 0, gid: 0, size, namelen: 0, offset: offset / 4 };
  encodeSuperblock(
    view,
    0,
    {
      size: 2 ** 16,
      flags,
      future: 0,
      signature: CRAMFS_SIGNATURE,
      crc: 0,
      edition: 0,
      blocks: 0,
      files: 0,
      name: '',
      // A wider inode does not have its offset in this field.
      root: inodes === LINUX_INODES ? root : { ...root, offset: 0 },
    },
    endianness,
  );
  if (inodes !== LINUX_INODES) setU32(view, CRAMFS_SUPER_SIZE, root.offset, endianness);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

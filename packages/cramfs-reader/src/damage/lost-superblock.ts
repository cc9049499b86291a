import {
  CRAMFS_BLOCK_SIZES,
  CRAMFS_FLAG_EXT_BLOCK_POINTERS,
  CRAMFS_FLAG_SHIFTED_ROOT_OFFSET,
  CRAMFS_SIGNATURE,
  CRAMFS_SUPER_ROOT_OFFSET,
  CRAMFS_SUPER_SIZE,
  CramfsError,
  encodeSuperblock,
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
import { directoryAt } from './directories.js';
import { attempt, soundness, soundnessScore } from './soundness.js';

/** A root directory without a superblock that leads to it. */
export interface FoundRoot {
  readonly offset: number;
  readonly size: number;
  readonly endianness: Endianness;
  readonly inodes: InodeFormat;
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
  /** Bytes that are searched: roots are at the start, after the superblock and what was inserted. */
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
    const end = Math.min(view.byteLength, limit);
    for (let at = CRAMFS_SUPER_ROOT_OFFSET + inodes.size; at < end; at += 4) {
      const found = inEitherOrder(view, at, inodes);
      if (found !== undefined) return found;
    }
    return undefined;
  });
}

/** The root directory at an offset, whose end is where its entries lead to first, or make no sense. */
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
    const found = find(viewOf(straight), form);
    if (found !== undefined) return { ...found, inodes, bytes: straight, wordSize };
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
 * A copy with a superblock that leads to a root directory. It tells neither size nor CRC: what these
 * were is lost. Its flags are those with which most of the image can be read.
 *
 * @throws CramfsError BAD_SUPERBLOCK if the root is where the superblock has to be.
 */
export function withSuperblock(root: FoundRoot, zlib: ZlibCodec): Uint8Array<ArrayBuffer> {
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
    // ASXipFS, if all files are sticky.
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
      // A wider inode has its offset where this one has none.
      root: inodes === LINUX_INODES ? root : { ...root, offset: 0 },
    },
    endianness,
  );
  if (inodes !== LINUX_INODES) setU32(view, CRAMFS_SUPER_SIZE, root.offset, endianness);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

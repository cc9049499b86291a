import {
  CRAMFS_PAD_SIZE,
  CRAMFS_SIGNATURE,
  CRAMFS_DEFAULT_BLOCK_SIZE,
  CRAMFS_FLAG_EXT_BLOCK_POINTERS,
  CRAMFS_FLAG_SHIFTED_ROOT_OFFSET,
  CRAMFS_INODE_SIZE,
  CRAMFS_SUPER_SIZE,
  decodeSuperblock,
  fileType,
  nameFieldLength,
  superblockEndianness,
  type Endianness,
  type RawSuperblock,
} from 'cramfs-format';
import { verifyCrc, type CrcVerdict } from './crc.js';
import { recogniseImage } from './dialects/index.js';
import type { DialectName } from './dialects/names.js';
import { isSwappedSuperblock, swapWords, type WordSize } from './dialects/swapped-words.js';
import { CramfsImage, withDetectedBlockSize } from './image.js';
import { isUsualRootOffset, statedSize } from './superblock.js';
import { portableZlib, type ZlibCodec } from './zlib.js';

/** A place inside a larger file that looks like a cramfs image. */
export interface ImageCandidate {
  /** Where the file system's byte 0 is, for {@link OpenOptions.offset}. */
  readonly offset: number;
  /** 0, or 512 after a pad. */
  readonly superblockOffset: number;
  readonly endianness: Endianness;
  readonly dialect: DialectName;
  /** The volume name, a byte string. */
  readonly name: string;
  /** Bytes from `offset` to the image's end, or to the end of the input if that comes first. */
  readonly size: number;
  /** The size that the superblock states; undefined if it states none, or an impossible one. */
  readonly statedSize: number | undefined;
  /** True if the superblock says that the image continues beyond the end of the input. */
  readonly truncated: boolean;
  /** `unknown` also if no time was left to compute it. */
  readonly crc: CrcVerdict;
  /** Undefined if the superblock has no CRC, or no time was left to compute it. */
  readonly crcOk: boolean | undefined;
  /** True if the root directory's first entries make sense. */
  readonly rootOk: boolean;
}

export interface FindOptions {
  zlib?: ZlibCodec | undefined;
}

/**
 * How a magic is stored: in either byte order, and in each with 16-bit words swapped. (With 32-bit words
 * swapped it looks like the other byte order's.) The byte 0xcd is in all of them.
 */
const MAGIC_BYTE = 0xcd;
const MAGICS = [
  [0x45, 0x3d, 0xcd, 0x28],
  [0x28, 0xcd, 0x3d, 0x45],
  [0x3d, 0x45, 0x28, 0xcd],
  [0xcd, 0x28, 0x45, 0x3d],
] as const;

/** The byte sequences that the superblock of an image can start with. */
export const IMAGE_MAGICS: readonly (readonly number[])[] = MAGICS;

/** Checksums of many lying superblocks may together take this many passes over the input. */
const MAX_CRC_PASSES = 4;
/** Root entries that have to make sense. */
const ROOT_ENTRIES = 16;
/** How many candidates are listed; after these, only candidates better than all before. */
const MAX_CANDIDATES = 4096;

/**
 * Scans `bytes`, such as a firmware file, for cramfs images of any byte order and dialect at any
 * offset, in order. A magic alone is not enough: the root has to be a directory at a possible place,
 * and either the signature has to be there or the root's entries have to make sense. The inside of an image
 * with a right CRC is that image's content and is not searched.
 *
 * A damaged image is listed as well; {@link chooseImage} prefers sound ones. After 4096 candidates only those
 * that it would prefer to all of them are listed.
 */
export function findImages(
  bytes: Uint8Array,
  { zlib = portableZlib }: FindOptions = {},
): ImageCandidate[] {
  const budget = { bytes: MAX_CRC_PASSES * bytes.length };
  const list = new CandidateList();
  let at = nextMagic(bytes, 0);
  while (at >= 0) {
    const candidate = imageAt(bytes, at, zlib, budget);
    if (candidate !== undefined) list.add(candidate);
    at = nextMagic(bytes, candidate?.crcOk === true ? candidate.offset + candidate.size : at + 1);
  }
  return list.candidates;
}

/** Candidates in order; too many of them are not kept. */
export class CandidateList<T extends ImageCandidate = ImageCandidate> {
  readonly candidates: T[] = [];
  private best = -1;

  add(candidate: T): void {
    const rank = rankOf(candidate);
    if (this.candidates.length < MAX_CANDIDATES || rank > this.best) {
      this.candidates.push(candidate);
    }
    this.best = Math.max(this.best, rank);
  }
}

/** Where the next magic from `from` on starts; -1 if there is none. */
function nextMagic(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(MAGIC_BYTE, from); at >= 0; at = bytes.indexOf(MAGIC_BYTE, at + 1)) {
    for (const magic of MAGICS) {
      const start = at - magic.indexOf(MAGIC_BYTE);
      if (start >= from && magic.every((byte, index) => bytes[start + index] === byte))
        return start;
    }
  }
  return -1;
}

/** The best of {@link findImages}' candidates: a right CRC, then a sound root, then the first. */
export function chooseImage<T extends ImageCandidate>(candidates: readonly T[]): T | undefined {
  const best = candidates.reduce((rank, candidate) => Math.max(rank, rankOf(candidate)), 0);
  return candidates.find((candidate) => rankOf(candidate) === best);
}

function rankOf({ crcOk, rootOk }: ImageCandidate): number {
  return crcOk === true ? 2 : rootOk ? 1 : 0;
}

/**
 * The image whose superblock is at byte `at` of `bytes`, if there is one: its offset counts in `bytes`.
 *
 * @param budget bytes that checksums may still cost; default: none is computed.
 */
export function imageAt(
  bytes: Uint8Array,
  at: number,
  zlib: ZlibCodec,
  budget = { bytes: 0 },
): ImageCandidate | undefined {
  const found = superblockAt(bytes, at);
  if (found === undefined || fileType(found.raw.root.mode) !== 'directory') return undefined;
  const { raw, wordSize } = found;
  const candidates: ImageCandidate[] = [];
  for (const pad of [0, CRAMFS_PAD_SIZE]) {
    if (pad > at) continue;
    const start = at - pad;
    const own = wordSize === 1 ? bytes.subarray(start) : straightened(bytes, start, raw, wordSize);
    const candidate = inspect(own, pad, wordSize, zlib, budget);
    if (candidate === undefined) continue;
    if (candidate.rootOk || raw.signature === CRAMFS_SIGNATURE) {
      candidates.push({ ...candidate, offset: start });
    }
  }
  // If the root is where a padded image of the C tools has it, the padded reading is the likelier
  // one.
  if (raw.root.offset * 4 === CRAMFS_PAD_SIZE + CRAMFS_SUPER_SIZE) candidates.reverse();
  return chooseImage(candidates);
}

function superblockAt(
  bytes: Uint8Array,
  at: number,
): { raw: RawSuperblock; wordSize: WordSize } | undefined {
  for (const wordSize of [4, 2] as const) {
    if (!isSwappedSuperblock(bytes, at, wordSize)) continue;
    const head = swapWords(bytes.subarray(at, at + CRAMFS_SUPER_SIZE), wordSize);
    const view = new DataView(head.buffer);
    return { raw: decodeSuperblock(view, 0, superblockEndianness(view, 0)!), wordSize };
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const endianness = superblockEndianness(view, at);
  if (endianness === undefined) return undefined;
  return { raw: decodeSuperblock(view, at, endianness), wordSize: 1 };
}

/** The most that an image with a false size can make us copy. */
const MAX_STRAIGHTENED = 2 ** 28 + 2 ** 24;

function straightened(
  bytes: Uint8Array,
  start: number,
  { size }: RawSuperblock,
  wordSize: WordSize,
): Uint8Array {
  const length = Math.min(Math.max(size, CRAMFS_PAD_SIZE + CRAMFS_SUPER_SIZE), MAX_STRAIGHTENED);
  return swapWords(bytes.subarray(start, start + length), wordSize);
}

/** @param bytes from the file system's byte 0, words straight. */
function inspect(
  bytes: Uint8Array,
  pad: number,
  wordSize: WordSize,
  zlib: ZlibCodec,
  budget: { bytes: number },
): ImageCandidate | undefined {
  const recognised = recogniseImage(bytes);
  if (recognised?.superblock.offset !== pad) return undefined;
  const image = new CramfsImage(recognised, CRAMFS_DEFAULT_BLOCK_SIZE, { zlib });
  if (!isPossibleRoot(image)) return undefined;
  const mayCompute = image.isCutOff || image.size <= budget.bytes;
  const { verdict, computed } = mayCompute
    ? verifyCrc(image)
    : { verdict: 'unknown' as const, computed: undefined };
  if (computed !== undefined) budget.bytes -= image.size;
  const { superblock, endianness, size } = image;
  const isSwapped = verdict === 'swapped' && wordSize === 1 && image.dialectName === 'standard';
  // The meaning of flag 0x800 alone depends on the files.
  const own =
    (superblock.flags & CRAMFS_FLAG_EXT_BLOCK_POINTERS) === 0 || image.isCutOff
      ? image.dialectName
      : withDetectedBlockSize(recognised, { zlib }, undefined).dialectName;
  const words = wordSize === 1 ? own : (`swapped-${wordSize === 2 ? 16 : 32}` as const);
  return {
    offset: 0,
    superblockOffset: pad,
    endianness,
    dialect: isSwapped ? 'swapped-crc' : words,
    name: superblock.name,
    size,
    statedSize: statedSize(superblock),
    truncated: image.isCutOff,
    crc: verdict,
    crcOk: verdict === 'unknown' ? undefined : verdict === 'right' || verdict === 'swapped',
    rootOk: isRootSound(image),
  };
}

/** True if the root is where the dialect can have it. */
function isPossibleRoot({ superblock, root, dialect }: CramfsImage): boolean {
  const surplus = dialect.inodes.size - CRAMFS_INODE_SIZE;
  return (
    root.dataOffset === 0 ||
    (superblock.flags & CRAMFS_FLAG_SHIFTED_ROOT_OFFSET) !== 0 ||
    isUsualRootOffset(root.dataOffset - surplus)
  );
}

/**
 * An empty root proves nothing; so do entries that are cut off or have impossible types. Not the usual
 * reading of a directory: candidates are hardly ever images, and a file can have millions of them, too many
 * to throw an error for each.
 */
function isRootSound({
  bytes,
  view,
  endianness,
  root,
  size,
  dialect: { inodes },
}: CramfsImage): boolean {
  if (root.dataOffset === 0) return false;
  const end = Math.min(root.dataOffset + root.size, size);
  let at = root.dataOffset;
  for (let entries = 0; entries < ROOT_ENTRIES && at < root.dataOffset + root.size; entries += 1) {
    const nameAt = at + inodes.size;
    if (nameAt > end) return false;
    const raw = inodes.decode(view, at, endianness);
    const next = nameAt + nameFieldLength(raw);
    if (next > end || fileType(raw.mode) === undefined) return false;
    if (bytes.subarray(nameAt, next).every((byte) => byte === 0)) return false;
    at = next;
  }
  return at > root.dataOffset;
}

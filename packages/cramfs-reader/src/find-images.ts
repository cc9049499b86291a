import {
  CRAMFS_MAGIC,
  CRAMFS_DEFAULT_BLOCK_SIZE,
  CRAMFS_FLAG_FSID_VERSION_2,
  CRAMFS_FLAG_SHIFTED_ROOT_OFFSET,
  CRAMFS_INODE_SIZE,
  CRAMFS_PAD_SIZE,
  CRAMFS_SIGNATURE,
  CRAMFS_SUPER_SIZE,
  dataOffset,
  decodeInode,
  decodeSuperblock,
  fileType,
  nameFieldLength,
  superblockEndianness,
  type Endianness,
} from 'cramfs-format';
import { STANDARD } from './dialects/standard.js';
import { CramfsImage } from './image.js';
import { fsidCrc, isUsualRootOffset } from './superblock.js';
import type { Superblock } from './types.js';
import { portableZlib, type ZlibCodec } from './zlib.js';

/** A place inside a larger file that looks like a cramfs image. */
export interface ImageCandidate {
  /** Where the file system's byte 0 stands: what {@link OpenOptions.offset} takes. */
  readonly offset: number;
  /** 0, or 512 after a pad. */
  readonly superblockOffset: number;
  readonly endianness: Endianness;
  /** Bytes from `offset` to the image's end, or to the end of the input if that comes first. */
  readonly size: number;
  /** True if the superblock says that the image continues beyond the end of the input. */
  readonly truncated: boolean;
  /** Undefined if the superblock has no CRC, or no time was left to compute it. */
  readonly crcOk: boolean | undefined;
  /** True if the root directory's first entries make sense. */
  readonly rootOk: boolean;
}

export interface FindOptions {
  zlib?: ZlibCodec | undefined;
}

/** Little-endian 45 3d cd 28, big-endian 28 cd 3d 45: the rarest byte to look for is in both. */
const MAGIC_BYTE = (CRAMFS_MAGIC >>> 16) & 0xff;
const MAGIC_BYTE_AT: Readonly<Record<Endianness, number>> = { little: 2, big: 1 };

/** Checksums of many lying superblocks may together take this many passes over the input. */
const MAX_CRC_PASSES = 4;
/** Root entries that have to make sense. */
const ROOT_ENTRIES = 16;
/** Candidates that are listed; after these only ones that are better than all before. */
const MAX_CANDIDATES = 4096;

/**
 * Scans `bytes`, such as a firmware file, for cramfs images of both byte orders at any offset, in
 * order. A magic alone is not enough: the root has to be a directory at a possible place, and
 * either the signature has to be there or the root's entries have to make sense. What lies inside
 * an image with a right CRC is content of that image and is not looked at.
 *
 * A damaged image is listed as well; {@link chooseImage} prefers sound ones. Behind 4096 candidates
 * only what it would prefer to all of them is listed.
 */
export function findImages(
  bytes: Uint8Array,
  { zlib = portableZlib }: FindOptions = {},
): ImageCandidate[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const crcBudget = { bytes: MAX_CRC_PASSES * bytes.length };
  const found: ImageCandidate[] = [];
  let best = -1;
  for (let at = bytes.indexOf(MAGIC_BYTE); at >= 0; at = bytes.indexOf(MAGIC_BYTE, at)) {
    const candidate = candidateAround(bytes, view, at, crcBudget, zlib);
    if (candidate !== undefined) {
      const rank = rankOf(candidate);
      if (found.length < MAX_CANDIDATES || rank > best) found.push(candidate);
      best = Math.max(best, rank);
    }
    at = candidate?.crcOk === true ? candidate.offset + candidate.size : at + 1;
  }
  return found;
}

/** The best of {@link findImages}' candidates: a right CRC, then a sound root, then the first. */
export function chooseImage(candidates: readonly ImageCandidate[]): ImageCandidate | undefined {
  const best = candidates.reduce((rank, candidate) => Math.max(rank, rankOf(candidate)), 0);
  return candidates.find((candidate) => rankOf(candidate) === best);
}

function rankOf({ crcOk, rootOk }: ImageCandidate): number {
  return crcOk === true ? 2 : rootOk ? 1 : 0;
}

/** The image whose magic holds the byte at `at`. */
function candidateAround(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  crcBudget: { bytes: number },
  zlib: ZlibCodec,
): ImageCandidate | undefined {
  for (const endianness of ['little', 'big'] as const) {
    const superblockAt = at - MAGIC_BYTE_AT[endianness];
    if (superblockEndianness(view, superblockAt) !== endianness) continue;
    const raw = decodeSuperblock(view, superblockAt, endianness);
    if (fileType(raw.root.mode) !== 'directory') return undefined;
    const candidates = possibleOffsets(raw.root, raw.flags)
      .filter((offset) => offset <= superblockAt)
      .map((offset) =>
        inspect(
          bytes.subarray(superblockAt - offset),
          { ...raw, offset, endianness },
          superblockAt - offset,
          crcBudget,
          zlib,
        ),
      )
      .filter((candidate) => candidate.rootOk || raw.signature === CRAMFS_SIGNATURE);
    return chooseImage(candidates);
  }
  return undefined;
}

/** Where the superblock may be inside its image, the likelier place first. */
function possibleOffsets(root: Superblock['root'], flags: number): number[] {
  const rootOffset = dataOffset(root);
  if (rootOffset === CRAMFS_SUPER_SIZE) return [0, CRAMFS_PAD_SIZE];
  if (isUsualRootOffset(rootOffset)) return [CRAMFS_PAD_SIZE, 0];
  const shifted = (flags & CRAMFS_FLAG_SHIFTED_ROOT_OFFSET) !== 0;
  return shifted || rootOffset === 0 ? [0, CRAMFS_PAD_SIZE] : [];
}

function inspect(
  bytes: Uint8Array,
  superblock: Superblock,
  offset: number,
  crcBudget: { bytes: number },
  zlib: ZlibCodec,
): ImageCandidate {
  const dialect = STANDARD;
  const recognised = { bytes, superblock, dialect, wordSize: 1 } as const;
  const image = new CramfsImage(recognised, CRAMFS_DEFAULT_BLOCK_SIZE, { zlib });
  const hasFsid = (superblock.flags & CRAMFS_FLAG_FSID_VERSION_2) !== 0;
  const truncated = image.isCutOff;
  let crcOk: boolean | undefined;
  if (hasFsid && (truncated || superblock.size < superblock.offset + CRAMFS_SUPER_SIZE)) {
    crcOk = false;
  } else if (hasFsid && image.size <= crcBudget.bytes) {
    crcBudget.bytes -= image.size;
    crcOk = fsidCrc(bytes, superblock.offset, image.size, zlib) === superblock.crc;
  }
  return {
    offset,
    superblockOffset: superblock.offset,
    endianness: superblock.endianness,
    size: image.size,
    truncated,
    crcOk,
    rootOk: isRootSound(image),
  };
}

/**
 * An empty root proves nothing; so do entries that are cut off or have impossible types. Does not
 * read the directory as others do: what is tried is hardly ever an image, and a file can have
 * millions of places to try, too many to throw an error for each.
 */
function isRootSound({ bytes, view, endianness, root, size }: CramfsImage): boolean {
  if (root.dataOffset === 0) return false;
  const end = Math.min(root.dataOffset + root.size, size);
  let at = root.dataOffset;
  for (let entries = 0; entries < ROOT_ENTRIES && at < root.dataOffset + root.size; entries += 1) {
    const nameAt = at + CRAMFS_INODE_SIZE;
    if (nameAt > end) return false;
    const raw = decodeInode(view, at, endianness);
    const next = nameAt + nameFieldLength(raw);
    if (next > end || fileType(raw.mode) === undefined) return false;
    if (bytes.subarray(nameAt, next).every((byte) => byte === 0)) return false;
    at = next;
  }
  return at > root.dataOffset;
}

import { recogniseImage } from '../dialects/index.js';
import { openImage } from '../image.js';
import { lzmaInflater } from '../lzma.js';
import type { ZlibCodec } from '../zlib.js';
import { findRoot, withSuperblock } from './lost-superblock.js';
import { hasRightCrc } from './right-crc.js';
import { attempt, soundness, soundnessScore } from './soundness.js';

/** How a raw dump of NAND flash alternates: bytes of data, and of the spare area after them. */
export interface OutOfBand {
  readonly data: number;
  readonly spare: number;
}

/** Pages of NAND chips. */
const GEOMETRIES: readonly OutOfBand[] = [
  { data: 512, spare: 16 },
  { data: 2048, spare: 64 },
  { data: 2048, spare: 112 },
  { data: 2048, spare: 128 },
  { data: 4096, spare: 128 },
  { data: 4096, spare: 192 },
  { data: 4096, spare: 218 },
  { data: 4096, spare: 224 },
  { data: 4096, spare: 256 },
  { data: 8192, spare: 448 },
  { data: 8192, spare: 640 },
];
/** The margin by which bytes without spare areas must make more sense. */
const MARGIN = 1.1;

/** A copy without the spare areas. */
export function withoutOutOfBand(
  bytes: Uint8Array,
  { data, spare }: OutOfBand,
): Uint8Array<ArrayBuffer> {
  const pages = Math.floor(bytes.length / (data + spare));
  const rest = Math.min(bytes.length - pages * (data + spare), data);
  const straight = new Uint8Array(pages * data + rest);
  for (let page = 0; page <= pages; page += 1) {
    const from = page * (data + spare);
    straight.set(bytes.subarray(from, Math.min(from + data, bytes.length)), page * data);
  }
  return straight;
}

/** Spare areas that there seem to be. */
export interface FoundOutOfBand {
  readonly geometry: OutOfBand;
  /** The CRC is right without them. */
  readonly isCertain: boolean;
}

/**
 * Finds out whether spare areas are in between: without them the CRC is right or, if it is wrong either way,
 * more directories and blocks make sense. Takes a pass over the bytes for each geometry.
 */
export function detectOutOfBand(bytes: Uint8Array, zlib: ZlibCodec): FoundOutOfBand | undefined {
  if (hasRightCrc(bytes, zlib)) return undefined;
  const right = GEOMETRIES.find((geometry) => hasRightCrc(withoutOutOfBand(bytes, geometry), zlib));
  if (right !== undefined) return { geometry: right, isCertain: true };
  let best: FoundOutOfBand | undefined;
  let most = MARGIN * scoreOf(bytes, zlib);
  for (const geometry of GEOMETRIES) {
    const score = scoreOf(withoutOutOfBand(bytes, geometry), zlib);
    if (score <= most) continue;
    most = score;
    best = { geometry, isCertain: false };
  }
  return best;
}

/** True if `bytes` clearly make more sense than `others`. */
export function makesMoreSense(bytes: Uint8Array, others: Uint8Array, zlib: ZlibCodec): boolean {
  return scoreOf(bytes, zlib) > MARGIN * scoreOf(others, zlib);
}

/** How much sense the bytes make, without a superblock if need be. */
function scoreOf(bytes: Uint8Array, zlib: ZlibCodec): number {
  const codecs = { zlib, lzma: lzmaInflater };
  const open = (whole: Uint8Array) => attempt(() => openImage(whole, codecs));
  let image = recogniseImage(bytes) === undefined ? undefined : open(bytes);
  if (image === undefined) {
    const root = findRoot(bytes);
    image = root && open(withSuperblock(root, zlib));
  }
  return image === undefined ? 0 : soundnessScore(soundness(image));
}

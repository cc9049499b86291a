import { hasRightCrc } from './right-crc.js';
import type { ZlibCodec } from '../zlib.js';

/** How a raw dump of NAND flash alternates: bytes of data, and of the spare area after them. */
export interface OutOfBand {
  readonly data: number;
  readonly spare: number;
}

/** Pages of NAND chips. */
const GEOMETRIES: readonly OutOfBand[] = [
  { data: 512, spare: 16 },
  { data: 2048, spare: 64 },
  { data: 2048, spare: 128 },
  { data: 4096, spare: 128 },
  { data: 4096, spare: 224 },
  { data: 4096, spare: 256 },
];

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

/**
 * Finds out whether spare areas are in between: without them the CRC is right. Costs a pass over the
 * bytes for each geometry.
 */
export function detectOutOfBand(bytes: Uint8Array, zlib: ZlibCodec): OutOfBand | undefined {
  if (hasRightCrc(bytes, zlib)) return undefined;
  return GEOMETRIES.find((geometry) => hasRightCrc(withoutOutOfBand(bytes, geometry), zlib));
}

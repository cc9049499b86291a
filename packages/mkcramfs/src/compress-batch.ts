import { concatBytes } from 'cramfs-format';
import { deflate } from 'pako';
import type { BlockBatch, CompressedBatch } from './codec.js';

/** A block as a zlib stream. */
export type Zlib = (block: Uint8Array, level: number) => Uint8Array;

/** Byte for byte what C zlib writes; without `legacyHash`, pako's default is a faster hash. */
export const cZlib: Zlib = (block, level) => deflate(block, { level, legacyHash: true });

/** Compresses one batch, in order, on the calling thread. */
export function compressBatch(batch: BlockBatch, zlib: Zlib): CompressedBatch {
  const outputs: Uint8Array[] = [];
  let at = 0;
  for (const length of batch.lengths) {
    const block = batch.data.subarray(at, at + length);
    const packed = zlib(block, batch.codec.level);
    outputs.push(batch.keepIncompressible && packed.length >= length ? block : packed);
    at += length;
  }
  const lengths = outputs.map((output) => output.length);
  return { data: concatBytes(outputs), lengths, spent: batch.data.buffer };
}

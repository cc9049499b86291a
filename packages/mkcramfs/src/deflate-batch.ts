import { BlockDeflater, type Effort } from 'cramfs-deflate';
import type { BlockBatch, CompressedBatch } from './block-batch.js';

/** What a zlib stream adds at most: two stored blocks, header and checksum. */
const OVERHEAD = 2 + 2 * 5 + 4;

let deflater: BlockDeflater | undefined;

/** Compresses one batch, in order, on the calling thread. */
export function compressBatchWithDeflate(
  { data, lengths, keepIncompressible }: BlockBatch,
  effort: Effort,
): CompressedBatch {
  deflater ??= new BlockDeflater();
  const room = keepIncompressible ? data.length : data.length + OVERHEAD * lengths.length;
  const packed = new Uint8Array(room);
  let from = 0;
  let to = 0;
  const packedLengths: number[] = [];
  for (const length of lengths) {
    const block = data.subarray(from, from + length);
    from += length;
    const stream = deflater.compress(block, effort);
    const stored = keepIncompressible && stream.length >= length ? block : stream;
    packed.set(stored, to);
    to += stored.length;
    packedLengths.push(stored.length);
  }
  return { data: packed.subarray(0, to), lengths: packedLengths, spent: data.buffer };
}

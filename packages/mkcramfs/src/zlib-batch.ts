import { concatBytes } from 'cramfs-format';
import { deflate } from 'pako';
import type { BlockBatch, CompressedBatch } from './block-batch.js';

/** Compresses one batch, in order, on the calling thread, byte for byte as C zlib does. */
export function compressBatchWithZlib(
  { data, lengths, keepIncompressible }: BlockBatch,
  level: number,
): CompressedBatch {
  const outputs: Uint8Array[] = [];
  let at = 0;
  for (const length of lengths) {
    const block = data.subarray(at, at + length);
    // Without `legacyHash`, pako's default is a faster hash.
    const packed = deflate(block, { level, legacyHash: true });
    outputs.push(keepIncompressible && packed.length >= length ? block : packed);
    at += length;
  }
  return {
    data: concatBytes(outputs),
    lengths: outputs.map((output) => output.length),
    spent: data.buffer,
  };
}

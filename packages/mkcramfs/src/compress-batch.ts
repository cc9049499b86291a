import { concatBytes } from 'cramfs-format';
import { deflate } from 'pako';
import type { BlockBatch, Codec, CompressedBatch, ZlibCompressor } from './codec.js';

/** Compresses one batch, in order, on the calling thread. */
export function compressBatch(batch: BlockBatch, libdeflate: ZlibCompressor): CompressedBatch {
  const outputs: Uint8Array[] = [];
  let at = 0;
  for (const length of batch.lengths) {
    const block = batch.data.subarray(at, at + length);
    const packed = compressBlock(block, batch.codec, libdeflate);
    outputs.push(batch.keepIncompressible && packed.length >= length ? block : packed);
    at += length;
  }
  const lengths = outputs.map((output) => output.length);
  return { data: concatBytes(outputs), lengths, spent: batch.data.buffer };
}

function compressBlock(block: Uint8Array, codec: Codec, libdeflate: ZlibCompressor): Uint8Array {
  switch (codec) {
    case 'libdeflate-6':
      return libdeflate(block, 6);
    case 'libdeflate-10':
      return libdeflate(block, 10);
    case 'zlib-6':
    case 'zlib-9':
      // The default hash of pako is a faster one; with the legacy one it is C zlib to the byte.
      return deflate(block, { level: codec === 'zlib-9' ? 9 : 6, legacyHash: true });
  }
}

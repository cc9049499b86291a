import type { BlockBatch, BlockCompressor, CompressedBatch } from './block-batch.js';

/**
 * Compresses a batch on the calling thread. Compressors are loaded on first use: if threads compress, this
 * thread does not need them.
 */
export async function compressBatch(batch: BlockBatch): Promise<CompressedBatch> {
  const { codec } = batch;
  if (codec.library === 'zlib') {
    return (await import('./zlib-batch.js')).compressBatchWithZlib(batch, codec.level);
  }
  if (codec.library === 'lzma') {
    return (await import('./lzma-batch.js')).compressBatchWithLzma(batch);
  }
  return (await import('./deflate-batch.js')).compressBatchWithDeflate(batch, codec.effort);
}

/** A compressor without threads, for browsers and small trees. */
export function inlineCompressor(): BlockCompressor {
  return { capacity: 1, compress: compressBatch };
}

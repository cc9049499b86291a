import type { BlockBatch, BlockCompressor, Codec, CompressedBatch } from './block-batch.js';

/**
 * Loads what compresses batches with a codec, on the calling thread. Only on first use: if threads compress, this
 * thread does not need it.
 */
export async function loadCodec(codec: Codec): Promise<(batch: BlockBatch) => CompressedBatch> {
  if (codec.library === 'zlib') {
    const { compressBatchWithZlib } = await import('./zlib-batch.js');
    return (batch) => compressBatchWithZlib(batch, codec.level);
  }
  if (codec.library === 'lzma') {
    return (await import('./lzma-batch.js')).compressBatchWithLzma;
  }
  const { compressBatchWithDeflate } = await import('./deflate-batch.js');
  return (batch) => compressBatchWithDeflate(batch, codec.effort);
}

/** Compresses a batch on the calling thread. */
export async function compressBatch(batch: BlockBatch): Promise<CompressedBatch> {
  return (await loadCodec(batch.codec))(batch);
}

/** A compressor without threads, for browsers and small trees. */
export function inlineCompressor(): BlockCompressor {
  return { capacity: 1, compress: compressBatch };
}

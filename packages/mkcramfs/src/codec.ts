import type { BlockBatch, BlockCompressor, CompressedBatch } from './block-batch.js';
import type { BlockDeflater } from './block-deflater.js';

let deflater: Promise<BlockDeflater> | undefined;

/**
 * Compresses a batch on the calling thread. Compressors are loaded when they are first used: where
 * threads compress, nobody else needs them.
 */
export async function compressBatch(batch: BlockBatch): Promise<CompressedBatch> {
  const { codec } = batch;
  if (codec.library === 'zlib') {
    return (await import('./zlib-batch.js')).compressBatchWithZlib(batch, codec.level);
  }
  deflater ??= import('./block-deflater.js').then((module) => new module.BlockDeflater());
  return (await deflater).compressBatch(batch, codec.effort);
}

/** A compressor without threads, for browsers and small trees. */
export function inlineCompressor(): BlockCompressor {
  return { concurrency: 1, compress: compressBatch };
}

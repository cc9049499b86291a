import { deflate } from 'pako';
import type { BlockBatch, CompressedBatch } from './block-batch.js';
import { packBlocks } from './pack-blocks.js';

/** Compresses one batch byte for byte as C zlib does. */
export function compressBatchWithZlib(batch: BlockBatch, level: number): CompressedBatch {
  // Without `legacyHash` pako uses its default, a faster hash.
  return packBlocks(batch, (block) => deflate(block, { level, legacyHash: true }));
}

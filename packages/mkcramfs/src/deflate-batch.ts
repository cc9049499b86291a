import { BlockDeflater, type Effort } from 'cramfs-deflate';
import type { BlockBatch, CompressedBatch } from './block-batch.js';
import { packBlocks } from './pack-blocks.js';

let deflater: BlockDeflater | undefined;

/** Compresses one batch with the deflate that is made for blocks. */
export function compressBatchWithDeflate(batch: BlockBatch, effort: Effort): CompressedBatch {
  const own = (deflater ??= new BlockDeflater());
  return packBlocks(batch, (block) => own.compress(block, effort));
}

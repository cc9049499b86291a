import { spentMemory, type BlockBatch, type CompressedBatch } from '../block-batch.js';
import { loadCodec } from '../codec.js';
import { BatchReader } from './batch-reader.js';

const reader = new BatchReader();

/**
 * Reads what is unread of a batch, and compresses it, on the calling thread.
 *
 * @throws CramfsError BAD_SOURCE: see {@link BatchReader}.
 */
export async function compressUnread(batch: BlockBatch): Promise<CompressedBatch> {
  const compress = await loadCodec(batch.codec);
  // Nobody else reads before it is compressed.
  const result = compress(reader.read(batch));
  return { ...result, spent: spentMemory(batch, [result.data.buffer]) };
}

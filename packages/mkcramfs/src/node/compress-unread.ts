import type { BlockBatch, CompressedBatch } from '../block-batch.js';
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
  const whole = reader.read(batch);
  const result = compress(whole);
  if (whole === batch) return result;
  const spent = result.spent.filter((memory) => memory !== whole.data.buffer);
  return { ...result, spent: [...spent, batch.data.buffer] };
}

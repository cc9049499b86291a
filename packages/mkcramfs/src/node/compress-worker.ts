import { move } from 'piscina';
import { compressBatch, type BlockBatch, type CompressedBatch } from '../codec.js';

/** Entry point of a compression worker; the result's bytes are moved, not copied, to the caller. */
export default function run(batch: BlockBatch): CompressedBatch {
  const { data, lengths } = compressBatch(batch);
  return { data: move(data) as Uint8Array, lengths };
}

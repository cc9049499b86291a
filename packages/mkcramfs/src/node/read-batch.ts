import type { BlockBatch } from '../block-batch.js';
import { readPart } from './source-file.js';

/**
 * Reads what is unread of a batch, into its memory.
 *
 * @throws CramfsError BAD_SOURCE if a file cannot be read, or is no longer the file that was seen.
 */
export function readBatch({ unread = [], ...batch }: BlockBatch): BlockBatch {
  for (const { place, from, at, length } of unread) {
    readPart(place, from, batch.data.subarray(at, at + length));
  }
  return batch;
}

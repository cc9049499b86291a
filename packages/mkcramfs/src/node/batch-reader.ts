import type { BlockBatch } from '../block-batch.js';
import { readPart } from './source-file.js';

/** Reads what is unread of batches, one after the other, into the same memory. */
export class BatchReader {
  private memory = new Uint8Array(0);

  /**
   * @returns the batch with all of its bytes, which are valid until the next call.
   * @throws CramfsError BAD_SOURCE if a file cannot be read, or is no longer the file that was seen.
   */
  read(batch: BlockBatch): BlockBatch {
    const { data, unread = [], lengths } = batch;
    if (unread.length === 0) return batch;
    const whole = this.room(lengths.reduce((sum, length) => sum + length, 0));
    let given = 0;
    let end = 0;
    for (const { place, from, at, length } of unread) {
      whole.set(data.subarray(given, given + at - end), end);
      given += at - end;
      end = at + length;
      readPart(place, from, whole.subarray(at, end));
    }
    whole.set(data.subarray(given), end);
    return { ...batch, data: whole, unread: [] };
  }

  private room(size: number): Uint8Array {
    if (this.memory.length < size) this.memory = new Uint8Array(size);
    return this.memory.subarray(0, size);
  }
}

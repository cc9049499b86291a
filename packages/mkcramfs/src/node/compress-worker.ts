import { move, transferableSymbol, valueSymbol } from 'piscina';
import type { BlockBatch } from '../block-batch.js';
import { compressBatch } from '../codec.js';

/** Entry point of a compression worker; all memory is moved, not copied, back to the caller. */
export default async function run(batch: BlockBatch): Promise<unknown> {
  const result = await compressBatch(batch);
  return move({
    [transferableSymbol]: [result.data.buffer, ...result.spent],
    [valueSymbol]: result,
  });
}

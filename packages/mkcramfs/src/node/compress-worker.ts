import { move, transferableSymbol, valueSymbol } from 'piscina';
import type { BlockBatch } from '../codec.js';
import { compressBatch } from '../compress-batch.js';

/** Entry point of a compression worker; all memory is moved, not copied, back to the caller. */
export default function run(batch: BlockBatch): unknown {
  const result = compressBatch(batch);
  return move({ [transferableSymbol]: [result.data.buffer, result.spent], [valueSymbol]: result });
}

import { move, transferableSymbol, valueSymbol } from 'piscina';
import { compressBatch, type BlockBatch } from '../codec.js';

/** Entry point of a compression worker; the result's bytes are moved, not copied, to the caller. */
export default function run(batch: BlockBatch): unknown {
  const result = compressBatch(batch);
  return move({ [transferableSymbol]: [result.data.buffer], [valueSymbol]: result });
}

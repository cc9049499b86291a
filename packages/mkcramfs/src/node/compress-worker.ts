import { move, transferableSymbol, valueSymbol } from 'piscina';
import type { BlockBatch } from '../codec.js';
import { compressBatch } from '../compress-batch.js';
import { loadLibdeflate } from './libdeflate.js';

const libdeflate = loadLibdeflate();

/** Entry point of a compression worker; all memory is moved, not copied, back to the caller. */
export default async function run(batch: BlockBatch): Promise<unknown> {
  const result = compressBatch(batch, await libdeflate);
  return move({ [transferableSymbol]: [result.data.buffer, result.spent], [valueSymbol]: result });
}

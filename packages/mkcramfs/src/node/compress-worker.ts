import { move, transferableSymbol, valueSymbol } from 'piscina';
import { loadLibdeflate, type BlockBatch } from '../codec.js';
import { cZlib, compressBatch } from '../compress-batch.js';

/** Entry point of a compression worker; all memory is moved, not copied, back to the caller. */
export default async function run(batch: BlockBatch): Promise<unknown> {
  const result =
    batch.codec.library === 'zlib'
      ? compressBatch(batch, cZlib)
      : (await loadLibdeflate()).compress(batch);
  return move({ [transferableSymbol]: [result.data.buffer, result.spent], [valueSymbol]: result });
}

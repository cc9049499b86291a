import type { BlockBatch, CompressedBatch } from './block-batch.js';

/** The buffer in which blocks are concatenated. It is kept, because a result is half as long as its batch. */
let packed = new Uint8Array(0);

/**
 * Compresses one batch, in order, on the calling thread.
 *
 * @param compress may return a view that is valid until it is called again.
 */
export function packBlocks(
  batch: BlockBatch,
  compress: (block: Uint8Array) => Uint8Array,
): CompressedBatch {
  const { data, keepIncompressible } = batch;
  if (packed.length < data.length) packed = new Uint8Array(data.length);
  let end = 0;
  const lengths = blocksOf(batch).map((block) => {
    const stream = compress(block);
    const stored = keepIncompressible && stream.length >= block.length ? block : stream;
    if (end + stored.length > packed.length) packed = enlarged(packed, end + stored.length);
    packed.set(stored, end);
    end += stored.length;
    return stored.length;
  });
  return { data: packed.slice(0, end), lengths, spent: data.buffer };
}

/** The blocks of a batch, compressed or not. */
export function blocksOf({ data, lengths }: Pick<BlockBatch, 'data' | 'lengths'>): Uint8Array[] {
  let at = 0;
  return lengths.map((length) => data.subarray(at, (at += length)));
}

/** Only blocks that must be compressed, and do not get smaller, need more room than the batch has. */
function enlarged(bytes: Uint8Array, least: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(2 * least);
  larger.set(bytes);
  return larger;
}

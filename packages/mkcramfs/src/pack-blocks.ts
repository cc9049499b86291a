import type { BlockBatch, CompressedBatch } from './block-batch.js';

/**
 * Where blocks are concatenated if a batch has no room for that. It is kept, because a result is half as long as
 * its batch.
 */
let packed: Uint8Array = new Uint8Array(0);

/**
 * Compresses one batch, in order, on the calling thread.
 *
 * @param compress may return a view that is valid until it is called again.
 */
export function packBlocks(
  batch: BlockBatch,
  compress: (block: Uint8Array) => Uint8Array,
): CompressedBatch {
  const { data, keepIncompressible, room } = batch;
  if (room === undefined && packed.length < data.length) packed = new Uint8Array(data.length);
  let into = room ?? packed;
  let end = 0;
  const lengths = blocksOf(batch).map((block) => {
    const stream = compress(block);
    const stored = keepIncompressible && stream.length >= block.length ? block : stream;
    if (end + stored.length > into.length) into = enlarged(into, end + stored.length);
    into.set(stored, end);
    end += stored.length;
    return stored.length;
  });
  const spent = [data.buffer];
  if (room !== undefined) {
    if (into !== room) spent.push(room.buffer);
    return { data: into.subarray(0, end), lengths, spent };
  }
  packed = into;
  return { data: into.slice(0, end), lengths, spent };
}

/** The blocks of a batch, compressed or not. */
export function blocksOf({ data, lengths }: Pick<BlockBatch, 'data' | 'lengths'>): Uint8Array[] {
  let at = 0;
  return lengths.map((length) => data.subarray(at, (at += length)));
}

/** Only blocks that must be compressed, and do not get smaller, need more room than the batch has. */
export function enlarged(bytes: Uint8Array, least: number): Uint8Array {
  const larger = new Uint8Array(2 * least);
  larger.set(bytes);
  return larger;
}

import { spentMemory, type BlockBatch, type CompressedBatch } from './block-batch.js';

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
  const packer = new BlockPacker(room ?? packed);
  for (const block of blocksOf(batch)) {
    const stream = compress(block);
    packer.add(keepIncompressible && stream.length >= block.length ? block : stream);
  }
  const { bytes, lengths, memory } = packer;
  if (room === undefined) packed = memory;
  const result = room === undefined ? bytes.slice() : bytes;
  return { data: result, lengths, spent: spentMemory(batch, [result.buffer]) };
}

/** The blocks of a batch, compressed or not. */
export function blocksOf({ data, lengths }: Pick<BlockBatch, 'data' | 'lengths'>): Uint8Array[] {
  let at = 0;
  return lengths.map((length) => data.subarray(at, (at += length)));
}

/** Puts blocks one after the other into given memory, or, if that is too little, into more. */
export class BlockPacker {
  readonly lengths: number[] = [];
  memory: Uint8Array;
  private end = 0;

  constructor(memory: Uint8Array) {
    this.memory = memory;
  }

  /** What has been added, a view of the memory. */
  get bytes(): Uint8Array {
    return this.memory.subarray(0, this.end);
  }

  add(block: Uint8Array): void {
    const end = this.end + block.length;
    // Only blocks that must be compressed, and do not get smaller, need more room than their batch has.
    if (end > this.memory.length) {
      const larger = new Uint8Array(2 * end);
      larger.set(this.bytes);
      this.memory = larger;
    }
    this.memory.set(block, this.end);
    this.end = end;
    this.lengths.push(block.length);
  }
}

import type { BlockBatch, BlockCompressor, UnreadPart } from './block-batch.js';
import type { FilePlace } from './tree.js';

/** Large enough that a worker's round trip does not matter, small enough to bound memory. */
const BATCH_BYTES = 512 * 1024;

/**
 * Takes results for consecutive blocks, the first of which has the index `first`: their bytes are in `data` from
 * `start` on, one after the other, with these lengths. All results of a batch have one `data`.
 */
export type BlockSink = (
  first: number,
  data: Uint8Array,
  start: number,
  lengths: readonly number[],
) => void;

/** Consecutive blocks in a batch. */
interface Part {
  readonly sink: BlockSink;
  readonly first: number;
  readonly count: number;
}

/**
 * Collects blocks of many files into batches and keeps a bounded number of batches with the
 * compressor. Every result goes to the sink its block came with, so the order of results does not
 * depend on which worker is faster.
 */
export class BlockQueue {
  /** Bytes of the blocks of the next batch. */
  private size = 0;
  /** Those of them that are not unread, and how many. */
  private data: Uint8Array | undefined;
  private filled = 0;
  private unread: UnreadPart[] = [];
  private lengths: number[] = [];
  private parts: Part[] = [];
  /** Buffers that were returned: new ones would have to be zeroed and collected. */
  private readonly spent: Uint8Array[] = [];
  /** Results that are in use, with the number of their parts that are: see giveBack(). */
  private readonly lent: Map<Uint8Array, number> | undefined;
  private readonly running = new Set<Promise<void>>();
  private readonly compressor: BlockCompressor;
  private readonly settings: Pick<BlockBatch, 'codec' | 'keepIncompressible'>;

  /** @param lends results are given back, by giveBack(), when they are no longer needed. */
  constructor(
    compressor: BlockCompressor,
    settings: Pick<BlockBatch, 'codec' | 'keepIncompressible'>,
    lends: boolean,
  ) {
    this.compressor = compressor;
    this.settings = settings;
    this.lent = lends ? new Map() : undefined;
  }

  /** Takes back one part of a result, which a sink was given. */
  giveBack(data: Uint8Array): void {
    const parts = this.lent?.get(data);
    if (parts === undefined) return;
    if (parts > 1) {
      this.lent!.set(data, parts - 1);
    } else {
      this.lent!.delete(data);
      this.keep(data.buffer);
    }
  }

  /**
   * Queues a copy of consecutive blocks.
   *
   * @param first index of the first of them; `sink` is told where they start.
   * @returns when there is room for more.
   */
  async add(bytes: Uint8Array, blockSize: number, first: number, sink: BlockSink): Promise<void> {
    await this.addBlocks(bytes.length, blockSize, first, sink, (from, length) => {
      this.data ??= this.buffer();
      this.data.set(bytes.subarray(from, from + length), this.filled);
      this.filled += length;
    });
  }

  /**
   * Queues all blocks of a file, which the compressor reads.
   *
   * @returns when there is room for more.
   */
  async addFile(place: FilePlace, size: number, blockSize: number, sink: BlockSink): Promise<void> {
    await this.addBlocks(size, blockSize, 0, sink, (from, length) => {
      this.unread.push({ place, from, at: this.size, length });
    });
  }

  /** @param put puts a number of bytes, which start at `from`, into the batch. */
  private async addBlocks(
    size: number,
    blockSize: number,
    first: number,
    sink: BlockSink,
    put: (from: number, length: number) => void,
  ): Promise<void> {
    for (let at = 0; at < size;) {
      if (this.size + blockSize > BATCH_BYTES) await this.dispatch();
      const room = Math.floor((BATCH_BYTES - this.size) / blockSize) * blockSize;
      const end = Math.min(size, at + room);
      put(at, end - at);
      this.size += end - at;
      const count = Math.ceil((end - at) / blockSize);
      this.parts.push({ sink, first: first + at / blockSize, count });
      for (; at < end; at += blockSize) this.lengths.push(Math.min(blockSize, end - at));
    }
  }

  /**
   * Sends what is left and waits for everything.
   *
   * @throws whatever the compressor threw.
   */
  async finish(): Promise<void> {
    await this.dispatch();
    await Promise.all(this.running);
    this.compressor.rest?.();
  }

  private buffer(): Uint8Array {
    return this.spent.pop() ?? new Uint8Array(BATCH_BYTES);
  }

  private keep(buffer: ArrayBufferLike): void {
    if (buffer.byteLength >= BATCH_BYTES) this.spent.push(new Uint8Array(buffer));
  }

  private async dispatch(): Promise<void> {
    const { size, data = new Uint8Array(0), filled, unread, lengths, parts } = this;
    if (size === 0) return;
    this.size = 0;
    this.data = undefined;
    this.filled = 0;
    this.unread = [];
    this.lengths = [];
    this.parts = [];

    const room = this.lent === undefined ? undefined : this.buffer();
    const batch = { ...this.settings, data: data.subarray(0, filled), unread, lengths, room };
    const job = this.compressor.compress(batch).then((result) => {
      this.lent?.set(result.data, parts.length);
      let block = 0;
      let start = 0;
      for (const { sink, first, count } of parts) {
        const stored = result.lengths.slice(block, block + count);
        sink(first, result.data, start, stored);
        block += count;
        for (const length of stored) start += length;
      }
      for (const buffer of result.spent) this.keep(buffer);
    });
    // A failure is thrown by the race below or by finish(). Until then nobody else awaits it.
    job.catch(() => undefined);
    this.running.add(job);
    void job.then(
      () => this.running.delete(job),
      () => undefined,
    );
    while (this.running.size >= this.compressor.capacity) {
      await Promise.race(this.running);
    }
  }
}

import type { BlockBatch, BlockCompressor } from './block-batch.js';

/** Large enough that a worker's round trip does not matter, small enough to bound memory. */
const BATCH_BYTES = 512 * 1024;
/** Enough that no worker runs dry while this thread reads and compares large files. */
const BATCHES_PER_WORKER = 4;

/** Takes the result for block `index`: `length` bytes of `data` from `start` on. Results of a batch have one `data`. */
export type BlockSink = (index: number, data: Uint8Array, start: number, length: number) => void;

/**
 * Collects blocks of many files into batches and keeps a bounded number of batches with the
 * compressor. Every result goes to the sink its block came with, so the order of results does not
 * depend on which worker is faster.
 */
export class BlockQueue {
  private data: Uint8Array | undefined;
  private filled = 0;
  private lengths: number[] = [];
  private sinks: BlockSink[] = [];
  private indexes: number[] = [];
  /** Buffers that were returned: new ones would have to be zeroed and collected. */
  private readonly spent: Uint8Array[] = [];
  /** Results that are in use, with the number of their blocks that are: see giveBack(). */
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

  /** Takes back one block's part of a result that a sink was given. */
  giveBack(data: Uint8Array): void {
    const blocks = this.lent?.get(data);
    if (blocks === undefined) return;
    if (blocks > 1) {
      this.lent!.set(data, blocks - 1);
    } else {
      this.lent!.delete(data);
      this.keep(data.buffer);
    }
  }

  /**
   * Queues a copy of consecutive blocks.
   *
   * @param first index of the first of them; `sink` is told the index of each.
   * @returns when there is room for more.
   */
  async add(bytes: Uint8Array, blockSize: number, first: number, sink: BlockSink): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      if (this.filled + blockSize > BATCH_BYTES) await this.dispatch();
      this.data ??= this.buffer();
      const room = Math.floor((BATCH_BYTES - this.filled) / blockSize) * blockSize;
      const end = Math.min(bytes.length, at + room);
      this.data.set(bytes.subarray(at, end), this.filled);
      this.filled += end - at;
      for (; at < end; at += blockSize) {
        this.lengths.push(Math.min(blockSize, end - at));
        this.sinks.push(sink);
        this.indexes.push(first + at / blockSize);
      }
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
    const { data, filled, lengths, sinks, indexes } = this;
    if (data === undefined) return;
    this.data = undefined;
    this.filled = 0;
    this.lengths = [];
    this.sinks = [];
    this.indexes = [];

    const room = this.lent === undefined ? undefined : this.buffer();
    const batch = { ...this.settings, data: data.subarray(0, filled), lengths, room };
    const job = this.compressor.compress(batch).then((result) => {
      this.lent?.set(result.data, result.lengths.length);
      let start = 0;
      result.lengths.forEach((length, index) => {
        sinks[index]!(indexes[index]!, result.data, start, length);
        start += length;
      });
      for (const buffer of result.spent) this.keep(buffer);
    });
    // A failure is thrown by the race below or by finish(). Until then nobody else awaits it.
    job.catch(() => undefined);
    this.running.add(job);
    void job.then(
      () => this.running.delete(job),
      () => undefined,
    );
    while (this.running.size >= BATCHES_PER_WORKER * this.compressor.concurrency) {
      await Promise.race(this.running);
    }
  }
}

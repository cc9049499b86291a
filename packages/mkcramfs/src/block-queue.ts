import type { BlockBatch, BlockCompressor } from './codec.js';

/** Large enough that a worker's round trip does not count, small enough to bound memory. */
const BATCH_BYTES = 512 * 1024;
/** Enough that no worker runs dry while this thread reads and compares large files. */
const BATCHES_PER_WORKER = 6;

type Deliver = (stored: Uint8Array) => void;

/**
 * Collects blocks of many files into batches and keeps a bounded number of batches with the
 * compressor. Results are delivered to each block's own callback, so their order does not depend
 * on which worker is faster.
 */
export class BlockQueue {
  private data: Uint8Array | undefined;
  private filled = 0;
  private lengths: number[] = [];
  private deliveries: Deliver[] = [];
  /** Buffers that came back: new ones would have to be zeroed and collected. */
  private readonly spent: Uint8Array[] = [];
  private readonly running = new Set<Promise<void>>();
  private readonly compressor: BlockCompressor;
  private readonly settings: Pick<BlockBatch, 'codec' | 'keepIncompressible'>;

  constructor(
    compressor: BlockCompressor,
    settings: Pick<BlockBatch, 'codec' | 'keepIncompressible'>,
  ) {
    this.compressor = compressor;
    this.settings = settings;
  }

  /**
   * Queues a copy of one block of at most 64 KiB; `deliver` gets what to store.
   *
   * @returns a promise if the caller should wait, because enough is under way.
   */
  add(block: Uint8Array, deliver: Deliver): Promise<void> | undefined {
    const full = this.filled + block.length > BATCH_BYTES ? this.dispatch() : undefined;
    this.data ??= this.spent.pop() ?? new Uint8Array(BATCH_BYTES);
    this.data.set(block, this.filled);
    this.filled += block.length;
    this.lengths.push(block.length);
    this.deliveries.push(deliver);
    return full;
  }

  /**
   * Sends what is left and waits for everything.
   *
   * @throws whatever the compressor threw.
   */
  async finish(): Promise<void> {
    await this.dispatch();
    await Promise.all(this.running);
  }

  private async dispatch(): Promise<void> {
    const { data, filled, lengths, deliveries } = this;
    if (data === undefined) return;
    this.data = undefined;
    this.filled = 0;
    this.lengths = [];
    this.deliveries = [];

    const batch = { ...this.settings, data: data.subarray(0, filled), lengths };
    const job = this.compressor.compress(batch).then((result) => {
      let start = 0;
      result.lengths.forEach((length, index) => {
        deliveries[index]!(result.data.subarray(start, start + length));
        start += length;
      });
      this.spent.push(new Uint8Array(result.spent));
    });
    // A failure surfaces in the race below or in finish(); until then nobody else awaits it.
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

import type { BlockBatch, BlockCompressor } from './codec.js';

/** Large enough that a worker's round trip does not count, small enough to bound memory. */
const BATCH_BYTES = 256 * 1024;
/** Enough that no worker runs dry while this thread reads and compares large files. */
const BATCHES_PER_WORKER = 12;

type Deliver = (stored: Uint8Array) => void;

/**
 * Collects blocks of many files into batches and keeps a bounded number of batches with the
 * compressor. Results are delivered to each block's own callback, so their order does not depend
 * on which worker is faster.
 */
export class BlockQueue {
  private blocks: Uint8Array[] = [];
  private deliveries: Deliver[] = [];
  private pendingBytes = 0;
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
   * Queues one block, which must not change until this returns; `deliver` gets what to store.
   *
   * @throws whatever the compressor threw for an earlier batch.
   */
  async add(block: Uint8Array, deliver: Deliver): Promise<void> {
    this.blocks.push(block);
    this.deliveries.push(deliver);
    this.pendingBytes += block.length;
    if (this.pendingBytes >= BATCH_BYTES) await this.dispatch();
  }

  /** Sends what is left and waits for everything. */
  async finish(): Promise<void> {
    if (this.blocks.length > 0) await this.dispatch();
    await Promise.all(this.running);
  }

  private async dispatch(): Promise<void> {
    const { blocks, deliveries, pendingBytes } = this;
    this.blocks = [];
    this.deliveries = [];
    this.pendingBytes = 0;

    const data = new Uint8Array(pendingBytes);
    let at = 0;
    for (const block of blocks) {
      data.set(block, at);
      at += block.length;
    }
    const lengths = blocks.map((block) => block.length);
    const job = this.compressor.compress({ ...this.settings, data, lengths }).then((result) => {
      let start = 0;
      result.lengths.forEach((length, index) => {
        deliveries[index]!(result.data.subarray(start, start + length));
        start += length;
      });
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

import { availableParallelism } from 'node:os';
import { threadsThatFit } from 'cramfs-archive/node';
import type { Piscina } from 'piscina';
import type { BlockBatch, BlockCompressor, Codec, CompressedBatch } from '../block-batch.js';
import { compressBatch } from '../codec.js';
import { workerFile } from './worker-file.js';

/** A compressor that uses worker threads once they pay. */
export interface WorkerCompressor extends BlockCompressor {
  /** Announces bytes to come, so that the threads start early enough. May be called any number of times. */
  expect(bytes: number): void;
  close(): Promise<void>;
}

/** The calling thread compresses fewer bytes than this in the 40 ms that it takes to start others. */
const MIN_BYTES = 4 * 2 ** 20;
/** How much longer other codecs take for a block. */
const SLOWER = 4;

/**
 * A compressor on as many threads as there are addresses for; on the calling thread if there are none.
 *
 * @param wanted number of threads; default: one per core this process may use.
 */
export function workerCompressor(wanted = availableParallelism()): WorkerCompressor {
  let expected = 0;
  let received = 0;
  let pool: Promise<Piscina> | undefined;
  let ending: Promise<void> | undefined;
  const start = (): void => {
    const workers = pool === undefined ? threadsThatFit(wanted) : 0;
    if (workers > 0) pool = startPool(workers);
  };
  return {
    concurrency: wanted,
    expect(bytes) {
      expected += bytes;
      if (expected >= MIN_BYTES) start();
    },
    async compress(batch) {
      received += batch.data.length * (isFast(batch.codec) ? 1 : SLOWER);
      if (received >= MIN_BYTES) start();
      return pool === undefined ? compressBatch(batch) : compressThere(await pool, batch);
    },
    // While the image is laid out and written, the idle threads would take a quarter of all memory.
    rest() {
      const ended = pool;
      pool = undefined;
      ending = Promise.all([ending, ended?.then((threads) => threads.destroy())]).then(
        () => undefined,
      );
      // close() reports errors.
      ending.catch(() => undefined);
    },
    async close() {
      this.rest!();
      await ending;
    },
  };
}

function isFast(codec: Codec): boolean {
  return codec.library === 'block-deflate' && codec.effort === 'default';
}

async function startPool(workers: number): Promise<Piscina> {
  const { Piscina: Pool } = await import('piscina');
  const pool: Piscina = new Pool({
    filename: workerFile(),
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: 2,
  });
  // Ignore errors that a thread reports after destroy(): its tasks have failed by then.
  pool.on('error', () => undefined);
  return pool;
}

async function compressThere(pool: Piscina, batch: BlockBatch): Promise<CompressedBatch> {
  const { data, room } = batch;
  const buffers = room === undefined ? [data.buffer] : [data.buffer, room.buffer];
  return (await pool.run(batch, { transferList: buffers as ArrayBuffer[] })) as CompressedBatch;
}

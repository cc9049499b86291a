import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import type { BlockBatch, BlockCompressor, CompressedBatch } from '../codec.js';

/** A compressor on worker threads. */
export interface WorkerCompressor extends BlockCompressor {
  close(): Promise<void>;
}

/** @param workers number of threads; default: one per core this process may use. */
export function workerCompressor(workers = availableParallelism()): WorkerCompressor {
  const pool = new Piscina({
    // From src/node (in tests) as from dist/node: a worker can only run what has been compiled.
    filename: new URL('../../dist/node/compress-worker-entry.cjs', import.meta.url).href,
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: 1,
  });
  return {
    concurrency: workers,
    compress: (batch: BlockBatch): Promise<CompressedBatch> =>
      pool.run(batch, {
        transferList: [batch.data.buffer as ArrayBuffer],
      }) as Promise<CompressedBatch>,
    close: () => pool.destroy(),
  };
}

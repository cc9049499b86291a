import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';
import type { BlockBatch, BlockCompressor, CompressedBatch } from '../block-batch.js';
import { workerFile } from './worker-file.js';

/** A compressor on worker threads. */
export interface WorkerCompressor extends BlockCompressor {
  close(): Promise<void>;
}

/** @param workers number of threads; default: one per core this process may use. */
export function workerCompressor(workers = availableParallelism()): WorkerCompressor {
  const pool = new Piscina({
    filename: workerFile(),
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: 2,
  });
  // What a thread still says after destroy(): tasks have failed by then. Nobody else listens.
  pool.on('error', () => undefined);
  return {
    concurrency: workers,
    compress: (batch: BlockBatch): Promise<CompressedBatch> =>
      pool.run(batch, {
        transferList: [batch.data.buffer as ArrayBuffer],
      }) as Promise<CompressedBatch>,
    close: () => pool.destroy(),
  };
}

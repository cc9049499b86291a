import { availableParallelism } from 'node:os';
import type { Piscina } from 'piscina';

/** What every worker gets at its start: the image, in memory that all threads see. */
export interface ImageWorkerData {
  readonly image: Uint8Array;
}

/** Worker threads that work on one image. */
export interface ImagePool {
  readonly workers: number;
  /** Runs the function of image-worker.ts with this name. */
  run<Result>(name: string, task: unknown): Promise<Result>;
  close(): Promise<void>;
}

/** Less than this many bytes are done before a worker has started. */
const MIN_BYTES = 4 * 2 ** 20;

/**
 * How many workers pay for `bytes` of content; 0 means that the caller does the work.
 *
 * @param requested what the user asked for; default: one for each core this process may use.
 */
export function workerCount(bytes: number, requested: number | undefined): number {
  if (requested !== undefined) return requested;
  const cores = availableParallelism();
  return bytes < MIN_BYTES || cores === 1 ? 0 : cores;
}

/**
 * Starts `workers` threads; they come up while the caller goes on.
 *
 * @param bytes the image; copied once if it is not in shared memory (see {@link readShared}).
 */
export async function startPool(bytes: Uint8Array, workers: number): Promise<ImagePool> {
  const { Piscina: Pool } = await import('piscina');
  const workerData: ImageWorkerData = { image: shared(bytes) };
  const pool: Piscina = new Pool({
    // From src/node (in tests) as from dist/node: a worker can only run what has been compiled.
    filename: new URL('../../dist/node/image-worker-entry.cjs', import.meta.url).href,
    workerData,
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: 1,
  });
  return {
    workers,
    run: <Result>(name: string, task: unknown) => pool.run(task, { name }) as Promise<Result>,
    close: () => pool.destroy(),
  };
}

function shared(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { threadsThatFit } from 'cramfs-archive/node';
import type { Piscina } from 'piscina';
import { workerFile } from './worker-file.js';

/** Worker threads that work on images. */
export interface ImagePool {
  readonly workers: number;
  /**
   * Runs the function of image-worker.ts with this name.
   *
   * @param image in memory that all threads see (see {@link inSharedMemory}).
   */
  run<Result>(name: string, image: Uint8Array, task: unknown): Promise<Result>;
  close(): Promise<void>;
}

/** What a worker gets: the task and the image it is about. */
export interface ImageTask<Task> {
  readonly image: Uint8Array;
  readonly task: Task;
}

/** One in progress, one waiting: the calling thread also works, and may be late with the next. */
export const TASKS_PER_WORKER = 2;

/** Fewer bytes than this are done before a worker has started. */
const MIN_BYTES = 4 * 2 ** 20;

/** Every block makes garbage; with the default of 16 an extraction takes some 4 % longer. */
const YOUNG_GENERATION_MB = 32;

/**
 * How many workers pay for `bytes` of content in addition to the calling thread, limited by the addresses
 * available.
 *
 * @param requested what the user asked for; default: one for each other core this process may use.
 */
export function workerCount(bytes: number, requested: number | undefined): number {
  const paying = bytes < MIN_BYTES ? 0 : availableParallelism() - 1;
  return threadsThatFit(requested ?? paying);
}

/** Starts `workers` threads; they start while the caller goes on. */
export async function startPool(workers: number): Promise<ImagePool> {
  const { Piscina: Pool } = await import('piscina');
  const pool: Piscina = new Pool({
    filename: workerFile(),
    // The name must exist: for a missing export, a thread searches again as for an ES module.
    name: 'write',
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: TASKS_PER_WORKER,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
  // Ignore errors that a thread reports after destroy(): its tasks have failed by then.
  pool.on('error', () => undefined);
  return {
    workers,
    run: <Result>(name: string, image: Uint8Array, task: unknown) =>
      pool.run({ image, task } satisfies ImageTask<unknown>, { name }) as Promise<Result>,
    close: () => pool.destroy(),
  };
}

/**
 * Starts the threads that extracting or checking a whole image will need; they start while it is read.
 *
 * @param path of the image's file.
 * @param workers what the user asked for; default: as many as pay.
 * @returns undefined if the file is small, or does not tell its size, like a pipe.
 */
export async function startPoolFor(path: string, workers?: number): Promise<ImagePool | undefined> {
  const size = sizeOf(path);
  const count = size === 0 ? 0 : workerCount(size, workers);
  return count === 0 ? undefined : await startPool(count);
}

/** 0 if unknown: reading the file will report what is wrong with it. */
function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

/** `bytes` where worker threads can see them: copied, unless they are there already (readShared()). */
export function inSharedMemory(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

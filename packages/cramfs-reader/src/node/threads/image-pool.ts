import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { threadsThatFit } from 'cramfs-archive/node';
import { ImageThread, type Thread } from './image-thread.js';

/** Worker threads that work on images, for one call at a time. */
export interface ImagePool {
  readonly threads: readonly Thread[];
  close(): Promise<void>;
}

/** Fewer bytes than this are finished before a worker has started. */
const MIN_BYTES = 4 * 2 ** 20;

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
export function startPool(workers: number): ImagePool {
  const threads = Array.from({ length: workers }, () => new ImageThread());
  return {
    threads,
    async close() {
      await Promise.all(threads.map((thread) => thread.close()));
    },
  };
}

/**
 * Starts the threads that extracting or checking a whole image will need; they start while it is read.
 *
 * @param path of the image's file.
 * @param workers what the user asked for; default: as many as pay.
 * @returns undefined if the file is small, or does not tell its size, like a pipe.
 */
export function startPoolFor(path: string, workers?: number): ImagePool | undefined {
  const size = sizeOf(path);
  const count = size === 0 ? 0 : workerCount(size, workers);
  return count === 0 ? undefined : startPool(count);
}

/** Returns 0 if it is unknown: reading the file will report the error. */
function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}

import { createRequire } from 'node:module';
import type * as Threads from 'node:worker_threads';

const load = createRequire(import.meta.url);

/** Starts a thread. What it runs has the package's name: the same from src (in tests), from dist and from a bundle. */
export function startWorker(): Threads.Worker {
  // Loaded here, because small images need no threads.
  const { Worker } = load('node:worker_threads') as typeof Threads;
  return new Worker(load.resolve('cramfs-reader/worker'));
}

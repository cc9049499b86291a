import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';

/** Starts a thread. What it runs has the package's name: the same from src (in tests), from dist and from a bundle. */
export function startWorker(name: 'mkcramfs/worker' | 'mkcramfs/look-up-worker'): Worker {
  return new Worker(createRequire(import.meta.url).resolve(name));
}

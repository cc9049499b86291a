import { createRequire } from 'node:module';

/** What threads run, by the package's name: the same from src (in tests), from dist and from a bundle. */
export function workerFile(): string {
  return createRequire(import.meta.url).resolve('cramfs-reader/worker');
}

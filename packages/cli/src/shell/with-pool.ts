import { startPoolFor, type ImagePool } from 'cramfs-reader/node';
import { optimizeLater } from './optimize-later.js';

/**
 * Starts the threads for working on a whole image while it is read.
 *
 * @param file the image's; small ones get no threads, nor does standard input.
 * @param threads how many the user asked for.
 */
export async function withPool<T>(
  file: string,
  threads: number | undefined,
  use: (pool: ImagePool | undefined) => Promise<T>,
): Promise<T> {
  const pool =
    file === '-' ? undefined : startPoolFor(file, threads === undefined ? undefined : threads - 1);
  if (pool !== undefined) optimizeLater();
  try {
    return await use(pool);
  } finally {
    await pool?.close();
  }
}

import { AtomicFile } from 'mkcramfs/node';
import { about } from './report-error.js';

/**
 * Writes a file that appears or changes only when it is complete.
 *
 * @param pieces text, one after the other.
 * @throws FileError, which names the file.
 */
export async function writeWhole(path: string, pieces: readonly string[]): Promise<void> {
  await about(path, () => {
    const file = new AtomicFile(path);
    try {
      for (const piece of pieces) file.write(Buffer.from(piece));
      file.commit();
    } finally {
      file.abort();
    }
  });
}

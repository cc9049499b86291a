import type { Writable } from 'node:stream';
import type { CramfsImage } from '../image.js';
import { tarChunks, type TarOptions } from '../tar.js';

/**
 * Writes an image, or a part of it, as a tar (see {@link tarChunks}), at the pace of the reader.
 *
 * @param output is not ended.
 * @throws what `output` fails with.
 */
export async function writeTar(
  image: CramfsImage,
  output: Writable,
  options: TarOptions,
): Promise<void> {
  for (const chunk of tarChunks(image, options)) {
    await new Promise<void>((resolve, reject) => {
      output.write(chunk, (error) => {
        if (error == null) resolve();
        else reject(error);
      });
    });
  }
}

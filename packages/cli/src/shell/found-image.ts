import { CramfsError, plural } from 'cramfs-format';
import { chooseImage } from 'cramfs-reader';
import { findInFile, readFound, type FoundImage } from 'cramfs-reader/node';
import { UsageError } from './errors.js';
import { offsetText, sayTaken, type ImageBytes } from './image-place.js';
import type { CliIo } from './io.js';

/*
 * Images that are found by a search through the whole file, and through the compressed streams in it.
 * Loaded on demand: most images are named by their file.
 */

/** The image with a number, wherever it is in the file. */
export async function readNumbered(
  file: string,
  number: number,
  offset: number | 'auto' | undefined,
  io: CliIo,
): Promise<ImageBytes> {
  if (offset !== undefined) throw new UsageError('give --image or --offset, not both');
  if (file === '-') throw new UsageError('--image needs a file, not standard input');
  const all = await findInFile(file);
  const found = all[number - 1];
  if (found === undefined) {
    const count = plural(all.length, 'cramfs image');
    throw new CramfsError(
      'BAD_MAGIC',
      `no image ${number}: there ${all.length === 1 ? 'is' : 'are'} ${count} in the file`,
    );
  }
  return await readFoundImage(file, found, io);
}

/** The best image in the compressed streams of a file that has none outside them. */
export async function readNested(file: string, io: CliIo): Promise<ImageBytes> {
  const found = chooseImage(await findInFile(file));
  if (found !== undefined) return await readFoundImage(file, found, io);
  return { bytes: new Uint8Array(0), offset: undefined, base: 0, search: () => [] };
}

async function readFoundImage(file: string, found: FoundImage, io: CliIo): Promise<ImageBytes> {
  sayTaken(file, placeText(found), io);
  return {
    bytes: await readFound(file, found),
    offset: 0,
    base: found.offset,
    search: () => [found],
  };
}

/** `4096 (0x1000) of the gzip stream at offset 64 (0x40)` */
function placeText({ offset, inside }: FoundImage): string {
  const streams = [...inside]
    .reverse()
    .map(({ kind, offset: at }) => ` of the ${kind} stream at offset ${offsetText(at)}`);
  return offsetText(offset) + streams.join('');
}

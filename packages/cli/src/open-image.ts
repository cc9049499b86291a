import type { BlockSize } from 'cramfs-format';
import type { CramfsImage } from 'cramfs-reader';
import { about } from './report-error.js';
import type { CliIo } from './io.js';

/** The values of `imageOptions`. */
export interface ImageArguments {
  readonly offset?: number | 'auto' | undefined;
  readonly 'block-size'?: BlockSize | undefined;
}

/** What is in a file that holds an image, decompressed. */
export interface ImageBytes {
  /** In memory that worker threads can share, unless it was compressed or came through a pipe. */
  readonly bytes: Uint8Array;
  /** Where the image starts in `bytes`; undefined if `auto` found none. */
  readonly offset: number | undefined;
}

/**
 * Opens the image that a command names; `-` is standard input.
 *
 * @throws FileError
 */
export async function openImageArgument(
  file: string,
  args: ImageArguments,
  io: CliIo,
): Promise<CramfsImage> {
  const { openImage } = await import('cramfs-reader');
  const { nodeZlib } = await import('cramfs-reader/node');
  const { CramfsError } = await import('cramfs-format');
  const { bytes, offset } = await readImageArgument(file, args, io);
  return about(file, () => {
    if (offset === undefined) {
      throw new CramfsError('BAD_MAGIC', 'there is no cramfs image in the file');
    }
    return openImage(bytes, { offset, blockSize: args['block-size'], zlib: nodeZlib });
  });
}

/**
 * Reads the image that a command names, as {@link openImageArgument} does.
 *
 * @throws FileError
 */
export async function readImageArgument(
  file: string,
  args: Pick<ImageArguments, 'offset'>,
  io: CliIo,
): Promise<ImageBytes> {
  const { chooseImage, findImages } = await import('cramfs-reader');
  const { nodeZlib, readShared, unpackImage } = await import('cramfs-reader/node');
  return about(file, async () => {
    const stored = file === '-' ? await readAll(io.stdin) : readShared(file);
    const { bytes } = await unpackImage(stored);
    if (args.offset !== 'auto') {
      const { offset = 0 } = args;
      if (offset > bytes.length) {
        const { CramfsError } = await import('cramfs-format');
        const message = `the file ends at ${bytes.length}, before the offset of the image`;
        throw new CramfsError('BAD_MAGIC', message, { offset });
      }
      return { bytes, offset };
    }
    return { bytes, offset: chooseImage(findImages(bytes, { zlib: nodeZlib }))?.offset };
  });
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

import { basename } from 'node:path';
import { textToName, type BlockSize } from 'cramfs-format';
import type { CramfsImage, DialectName } from 'cramfs-reader';
import type { CliIo } from '../../shell/io.js';
import { openImageAndOffset, type ImageArguments } from '../../shell/open-image.js';

/** An image for the page. */
export interface PageImage {
  /** Name of its file, a byte string. */
  readonly title: string;
  readonly image: CramfsImage;
  /** From the file system's byte 0. */
  readonly bytes: Uint8Array;
  readonly blockSize: BlockSize;
  readonly dialect: DialectName | undefined;
}

/**
 * Reads an image as other commands do.
 *
 * @throws FileError
 */
export async function readPageImage(
  file: string,
  args: ImageArguments,
  io: CliIo,
): Promise<PageImage> {
  const { image } = await openImageAndOffset(file, args, io, { need: 'tree' });
  const isPart = args.offset !== undefined || args.image !== undefined;
  return {
    title: textToName(file === '-' ? 'standard input' : basename(file)),
    image,
    // Show the bytes after an image only if it has a file of its own, not if it is part of a
    // firmware file.
    bytes: isPart ? image.bytes.subarray(0, image.size) : image.bytes,
    blockSize: image.blockSize,
    // The bytes of an open image are in normal order.
    dialect: image.wordSize === 1 ? args.dialect : undefined,
  };
}

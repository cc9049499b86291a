import { nodeZlib } from 'cramfs-reader/node';
import type { CramfsImage } from 'cramfs-reader';
import { likeImage, type ImageForm } from 'mkcramfs';
import { about } from '../shell/report-error.js';
import type { CliIo } from '../shell/io.js';
import { openImageArgument } from '../shell/open-image.js';
import { isImageSource, type ImagePlace } from './is-image-source.js';

/** Opens a source that is an image. @throws FileError */
export function openSourceImage(
  source: string,
  place: ImagePlace,
  io: CliIo,
): Promise<CramfsImage> {
  return openImageArgument(source, place, io);
}

/** The form of the image that --like names. @throws FileError */
export async function readForm(file: string, place: ImagePlace, io: CliIo): Promise<ImageForm> {
  const image = await openImageArgument(file, isImageSource(file, {}) ? {} : place, io);
  return about(file, () => likeImage(image, (bytes, crc) => nodeZlib.crc32(bytes, crc)));
}

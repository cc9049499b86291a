import { methodOf } from './dialects/index.js';
import { openImage, type CramfsImage } from './image.js';
import type { OpenOptions } from './types.js';

/**
 * As openImage(), and loads the decoder that the image's blocks need, if that is none of those that
 * every image does.
 *
 * @throws CramfsError as openImage() does.
 */
export async function openAnyImage(
  bytes: Uint8Array,
  options: OpenOptions = {},
): Promise<CramfsImage> {
  const image = openImage(bytes, options);
  if (methodOf(image) === 'zlib') return image;
  const { lzmaInflater } = await import('./lzma.js');
  return openImage(bytes, { ...options, lzma: lzmaInflater });
}

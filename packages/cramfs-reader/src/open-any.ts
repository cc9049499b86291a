import { methodOf } from './dialects/index.js';
import { openImage, type CramfsImage } from './image.js';
import type { OpenOptions } from './types.js';

/**
 * Like openImage(), and also loads a decoder if the image's blocks need a special one.
 *
 * @throws CramfsError like openImage().
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

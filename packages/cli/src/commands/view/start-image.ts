import type { StartImage } from 'cramfs-viewer';
import type { PageImage } from './images.js';

/** What the page is told about an image. */
export function startImage(
  { title, blockSize, dialect }: PageImage,
  more: Pick<StartImage, 'from' | 'gzip' | 'withoutData'>,
): StartImage {
  return { title, blockSize, dialect, ...more };
}

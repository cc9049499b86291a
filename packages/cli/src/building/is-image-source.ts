import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { CRAMFS_PAD_SIZE, CRAMFS_SUPER_SIZE, superblockEndianness } from 'cramfs-format';
import { swapWords } from 'cramfs-reader';
import type { ImageArguments } from '../shell/open-image.js';

/** Where the image is in a file that a build reads. */
export type ImagePlace = Pick<ImageArguments, 'offset' | 'image' | 'dialect'>;

/** Words that may be stored backwards; swapped words of 4 bytes look like the other byte order. */
const WORD_SIZES = [1, 2] as const;

/**
 * True if a source is an image: by the magic at its start or after a pad, or because the user has given the
 * image's offset.
 */
export function isImageSource(source: string, { offset, image }: ImagePlace): boolean {
  if (offset !== undefined || image !== undefined) return true;
  if (source === '-' || !statSync(source).isFile()) return false;
  const head = new Uint8Array(CRAMFS_PAD_SIZE + CRAMFS_SUPER_SIZE);
  const fd = openSync(source, 'r');
  try {
    readSync(fd, head, 0, head.length, 0);
  } finally {
    closeSync(fd);
  }
  return WORD_SIZES.some((size) => {
    const view = new DataView(swapWords(head, size).buffer);
    return [0, CRAMFS_PAD_SIZE].some((at) => superblockEndianness(view, at) !== undefined);
  });
}

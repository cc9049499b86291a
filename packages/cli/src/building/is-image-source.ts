import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { ImageArguments } from '../shell/open-image.js';

/** Where the image is in a file that a build reads. */
export type ImagePlace = Pick<ImageArguments, 'offset' | 'image' | 'dialect'>;

const MAGICS: readonly number[] = [0x28cd3d45, 0x453dcd28, 0xcd28453d, 0x3d4528cd];
const PAD = 512;

/**
 * True if a source is an image: by the magic at its start or after a pad, or because the user has given the
 * image's offset.
 */
export function isImageSource(source: string, { offset, image }: ImagePlace): boolean {
  if (offset !== undefined || image !== undefined) return true;
  if (source === '-' || !statSync(source).isFile()) return false;
  const head = new DataView(new ArrayBuffer(PAD + 4));
  const fd = openSync(source, 'r');
  try {
    readSync(fd, head, 0, head.byteLength, 0);
  } finally {
    closeSync(fd);
  }
  return [0, PAD].some((at) => MAGICS.includes(head.getUint32(at)));
}

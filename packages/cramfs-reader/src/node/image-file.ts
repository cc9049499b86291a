import { statSync } from 'node:fs';
import { systemReason, type Unpacked } from 'cramfs-archive/node';
import { CramfsError, bytesToName, isCramfsError, withPath, type BlockSize } from 'cramfs-format';
import { chooseImage, findImages, type ImageCandidate } from '../find-images.js';
import type { DialectName } from '../dialects/names.js';
import type { CramfsImage } from '../image.js';
import { openAnyImage } from '../open-any.js';
import { readUnpacked } from './unpacked-file.js';
import { nodeZlib } from './zlib.js';

export interface ImageFile extends Unpacked {
  readonly path: string;
  /** Bytes on the disk. */
  readonly fileSize: number;
}

export interface LoadOptions {
  /** Where the image starts in the (decompressed) file; `auto`: {@link findImages}. Default 0. */
  offset?: number | 'auto' | undefined;
  blockSize?: BlockSize | undefined;
  /** Default: recognised. */
  dialect?: DialectName | undefined;
}

export interface LoadedImage {
  readonly image: CramfsImage;
  readonly file: ImageFile;
  /** Where the image was taken from. */
  readonly offset: number;
  /** All images found, if `auto` was requested. */
  readonly candidates: readonly ImageCandidate[] | undefined;
}

/**
 * Reads a file, a device or a pipe that holds an image, and decompresses it if its first bytes say
 * gzip or Zstandard.
 *
 * @throws CramfsError BAD_SOURCE if the file cannot be read or decompressed, has more than 2 GiB, or
 * would have more than 512 MiB decompressed; UNSUPPORTED for Zstandard's large windows.
 */
export async function readImageFile(path: string): Promise<ImageFile> {
  try {
    return { path, fileSize: statSync(path).size, ...(await readUnpacked(path)) };
  } catch (cause) {
    if (isCramfsError(cause)) throw withPath(cause, nameOf(path));
    const message = `cannot be read: ${systemReason(cause)}`;
    throw new CramfsError('BAD_SOURCE', message, { path: nameOf(path), cause });
  }
}

/**
 * Opens the image in a file, which may be compressed or a larger firmware file.
 *
 * @throws CramfsError of readImageFile() and openAnyImage(); BAD_MAGIC if `auto` finds nothing.
 */
export async function loadImageFile(
  path: string,
  { offset = 0, blockSize, dialect }: LoadOptions = {},
): Promise<LoadedImage> {
  const file = await readImageFile(path);
  const candidates = offset === 'auto' ? findImages(file.bytes, { zlib: nodeZlib }) : undefined;
  const at = offset === 'auto' ? chooseImage(candidates ?? [])?.offset : offset;
  if (at === undefined) {
    throw new CramfsError('BAD_MAGIC', 'no cramfs image found in the file', {
      path: nameOf(path),
    });
  }
  const image = await openAnyImage(file.bytes, { offset: at, blockSize, dialect, zlib: nodeZlib });
  return { image, file, offset: at, candidates };
}

/** A path of this machine as the byte string that errors carry. */
function nameOf(path: string): string {
  return bytesToName(new TextEncoder().encode(path));
}

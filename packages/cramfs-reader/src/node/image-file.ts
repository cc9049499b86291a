import { readFile } from 'node:fs/promises';
import { gzipDecompress, isZstd, zstdDecompress } from 'cramfs-archive/node';
import { CramfsError, bytesToName, type BlockSize } from 'cramfs-format';
import { chooseImage, findImages, type ImageCandidate } from '../find-images.js';
import { openImage, type CramfsImage } from '../image.js';
import { nodeZlib } from './zlib.js';

/** No image is larger than 272 MiB, but it may be part of a firmware file. */
const MAX_DECOMPRESSED = 512 * 1024 * 1024;

export interface ImageFile {
  readonly path: string;
  /** Bytes on the disk. */
  readonly fileSize: number;
  readonly compression: 'none' | 'gzip' | 'zstd';
  /** The content, decompressed. */
  readonly bytes: Uint8Array;
}

export interface LoadOptions {
  /** Where the image starts in the (decompressed) file; `auto`: {@link findImages}. Default 0. */
  offset?: number | 'auto' | undefined;
  blockSize?: BlockSize | undefined;
}

export interface LoadedImage {
  readonly image: CramfsImage;
  readonly file: ImageFile;
  /** Where the image was taken from. */
  readonly offset: number;
  /** All that was found, if `auto` was asked for. */
  readonly candidates: readonly ImageCandidate[] | undefined;
}

/**
 * Reads a file that holds an image, and decompresses it if its first bytes say gzip or Zstandard.
 *
 * @throws CramfsError BAD_SOURCE if the file cannot be read or decompressed, or would be larger
 * than 512 MiB then.
 */
export async function readImageFile(path: string): Promise<ImageFile> {
  let stored: Uint8Array;
  try {
    stored = await readFile(path);
  } catch (cause) {
    throw badSource(path, 'cannot read the file', cause);
  }
  try {
    return { path, fileSize: stored.length, ...(await unpackImage(stored)) };
  } catch (cause) {
    throw badSource(path, 'cannot decompress the file', cause);
  }
}

/**
 * Decompresses what a file holds if its first bytes say gzip or Zstandard.
 *
 * @returns `stored` itself if they do not.
 * @throws CramfsError BAD_SOURCE if it cannot be decompressed, or would be larger than 512 MiB.
 */
export async function unpackImage(
  stored: Uint8Array,
): Promise<Pick<ImageFile, 'compression' | 'bytes'>> {
  try {
    if (stored[0] === 0x1f && stored[1] === 0x8b) {
      return { compression: 'gzip', bytes: await gzipDecompress(stored, MAX_DECOMPRESSED) };
    }
    if (isZstd(stored)) {
      const bytes = await zstdDecompress(stored, MAX_DECOMPRESSED);
      return { compression: 'zstd', bytes };
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CramfsError('BAD_SOURCE', reason, { cause });
  }
  return { compression: 'none', bytes: stored };
}

/**
 * Opens the image in a file, which may be compressed or a larger firmware file.
 *
 * @throws CramfsError of readImageFile() and openImage(); BAD_MAGIC if `auto` finds nothing.
 */
export async function loadImageFile(
  path: string,
  { offset = 0, blockSize }: LoadOptions = {},
): Promise<LoadedImage> {
  const file = await readImageFile(path);
  const candidates = offset === 'auto' ? findImages(file.bytes, { zlib: nodeZlib }) : undefined;
  const at = offset === 'auto' ? chooseImage(candidates ?? [])?.offset : offset;
  if (at === undefined) {
    throw new CramfsError('BAD_MAGIC', 'no cramfs image found in the file', {
      path: nameOf(path),
    });
  }
  const image = openImage(file.bytes, { offset: at, blockSize, zlib: nodeZlib });
  return { image, file, offset: at, candidates };
}

function badSource(path: string, message: string, cause: unknown): CramfsError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CramfsError('BAD_SOURCE', `${message}: ${reason}`, { path: nameOf(path), cause });
}

/** A path of this machine as the byte string that errors carry. */
function nameOf(path: string): string {
  return bytesToName(new TextEncoder().encode(path));
}

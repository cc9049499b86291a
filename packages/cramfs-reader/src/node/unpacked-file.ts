import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { MAGIC_LENGTH, compressionOf, unpack, type Unpacked } from 'cramfs-archive/node';
import { READ_LIMIT, readSharedInParts } from './shared-file.js';

/** No image is larger than 272 MiB, but it may be part of a firmware file. */
const UNPACKED_LIMIT = 2 ** 29;
/** Compressed bytes read at a time. */
const CHUNK = 2 ** 17;

/**
 * Reads a file, a device or a pipe, and decompresses it if its first bytes say gzip or Zstandard.
 * Compressed data is decompressed as it is read: only the result is in memory.
 *
 * @returns memory that worker threads can share.
 * @throws CramfsError BAD_SOURCE if there is more than 2 GiB, or more than 512 MiB decompressed, or the
 * compressed data is damaged; UNSUPPORTED for Zstandard's large windows; the system's error.
 */
export async function readUnpacked(path: string): Promise<Unpacked> {
  // Do not open it first: a pipe can be opened only once.
  if (statSync(path).isFile() && !isUnpackable(path)) {
    return { compression: 'none', bytes: await readSharedInParts(path) };
  }
  return unpackStream(createReadStream(path, { highWaterMark: CHUNK }));
}

/** Does what {@link readUnpacked} does for a stream such as the standard input. */
export function unpackStream(stream: AsyncIterable<Uint8Array>): Promise<Unpacked> {
  return unpack(stream, { plain: READ_LIMIT, unpacked: UNPACKED_LIMIT });
}

function isUnpackable(path: string): boolean {
  const start = new Uint8Array(MAGIC_LENGTH);
  const fd = openSync(path, 'r');
  try {
    readSync(fd, start, 0, MAGIC_LENGTH, 0);
  } finally {
    closeSync(fd);
  }
  const compression = compressionOf(start);
  return compression === 'gzip' || compression === 'zstd';
}

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { GrowingBytes } from 'cramfs-archive/node';
import { CramfsError, bytesToName } from 'cramfs-format';

/** Most bytes that are read: an image has at most 272 MiB, and is seldom a small part of a file. */
export const READ_LIMIT = 2 ** 31;

/** Bytes read at a time from a file, and from a device or pipe. */
const MAX_READ = 2 ** 30;
const CHUNK = 2 ** 20;

/**
 * Reads a file, a block device or a pipe into memory that worker threads can share.
 *
 * @param limit most bytes to read; default 2 GiB.
 * @throws CramfsError BAD_SOURCE if there are more, or the system's error.
 */
export function readShared(path: string, limit = READ_LIMIT): Uint8Array {
  const fd = openSync(path, 'r');
  try {
    const status = fstatSync(fd);
    const size = status.isFile() ? status.size : 0;
    const bytes = size > limit ? undefined : size > 0 ? readSized(fd, size) : readToEnd(fd, limit);
    if (bytes !== undefined) return bytes;
    throw new CramfsError('BAD_SOURCE', `the file has more than ${limit} bytes`, {
      path: bytesToName(Buffer.from(path)),
    });
  } finally {
    closeSync(fd);
  }
}

function readSized(fd: number, size: number): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(size));
  let length = 0;
  while (length < size) {
    const got = readSync(fd, bytes, length, Math.min(size - length, MAX_READ), null);
    if (got === 0) break;
    length += got;
  }
  return bytes.subarray(0, length);
}

/** Reads a file that does not tell its size, such as one in /proc. */
function readToEnd(fd: number, limit: number): Uint8Array | undefined {
  const content = new GrowingBytes(limit);
  const chunk = new Uint8Array(CHUNK);
  for (;;) {
    const got = readSync(fd, chunk, 0, CHUNK, null);
    if (got === 0) return content.bytes;
    if (!content.append(chunk.subarray(0, got))) return undefined;
  }
}

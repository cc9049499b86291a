import { closeSync, fstatSync, openSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';
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

/** From this size on, a file is read in parts by threads of Node.js: much of the time goes to fresh memory. */
const MIN_PARTS_SIZE = 2 ** 23;
/** Node.js has four such threads, unless the user says otherwise. */
const PARTS = 4;

const readPart = promisify(read);

/** Like {@link readShared}, and quicker with large files. */
export async function readSharedInParts(path: string): Promise<Uint8Array> {
  const fd = openSync(path, 'r');
  try {
    const status = fstatSync(fd);
    const isLarge = status.isFile() && status.size >= MIN_PARTS_SIZE && status.size <= READ_LIMIT;
    return isLarge ? await readParts(fd, status.size) : readShared(path);
  } finally {
    closeSync(fd);
  }
}

async function readParts(fd: number, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(new SharedArrayBuffer(size));
  const length = Math.ceil(size / PARTS);
  const starts = Array.from({ length: PARTS }, (_, part) => part * length);
  const ends = await Promise.all(
    starts.map((start) => readRange(fd, bytes, start, Math.min(start + length, size))),
  );
  // The file may have become shorter meanwhile.
  const short = ends.findIndex((end, part) => end < Math.min(starts[part]! + length, size));
  return short === -1 ? bytes : bytes.subarray(0, ends[short]);
}

/** @returns where the file ends, or `to`. */
async function readRange(fd: number, bytes: Uint8Array, from: number, to: number): Promise<number> {
  let at = from;
  while (at < to) {
    const { bytesRead } = await readPart(fd, bytes, at, Math.min(to - at, MAX_READ), at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return at;
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

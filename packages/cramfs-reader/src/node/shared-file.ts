import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes read from a device or pipe at a time. */
const CHUNK = 1 << 20;

/**
 * Reads a file, a block device or a pipe into memory that worker threads can share.
 *
 * @throws the system's error.
 */
export function readShared(path: string | Buffer): Uint8Array {
  const fd = openSync(path, 'r');
  try {
    const status = fstatSync(fd);
    return status.isFile() && status.size > 0 ? readSized(fd, status.size) : readToEnd(fd);
  } finally {
    closeSync(fd);
  }
}

function readSized(fd: number, size: number): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(size));
  let length = 0;
  while (length < size) {
    const got = readSync(fd, bytes, length, size - length, null);
    if (got === 0) break;
    length += got;
  }
  return bytes.subarray(0, length);
}

function readToEnd(fd: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const chunk = new Uint8Array(CHUNK);
    const got = readSync(fd, chunk, 0, CHUNK, null);
    if (got === 0) break;
    chunks.push(chunk.subarray(0, got));
    length += got;
  }
  const bytes = new Uint8Array(new SharedArrayBuffer(length));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

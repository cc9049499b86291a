import { closeSync, constants, fstatSync, openSync, readSync, type BigIntStats } from 'node:fs';
import { CRAMFS_MAX_FILE_SIZE, CramfsError } from 'cramfs-format';
import { isSystemError, systemReason } from 'cramfs-archive/node';
import type { FileIdentity, FilePlace } from '../tree.js';

export function fileIdentity({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): FileIdentity {
  return { dev, ino, size, mtimeNs, ctimeNs };
}

/** O_NONBLOCK, because a fifo in the file's place must not block us. It has no effect on files. */
const OPEN_FLAGS =
  constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Larger files are few, and would keep their memory until the build ends. */
const KEPT_BYTES = 4 << 20;

/**
 * Reads a part of a file that was seen before.
 *
 * @param from where it starts in the file.
 * @param bytes room for it.
 * @throws CramfsError BAD_SOURCE if it cannot be read, or is no longer the file that was seen.
 */
export function readPart({ host, path, seen }: FilePlace, from: number, bytes: Uint8Array): void {
  const bad = (message: string, cause?: unknown): CramfsError =>
    new CramfsError('BAD_SOURCE', message, { path, cause });
  let fd: number | undefined;
  try {
    fd = openQuietly(Buffer.from(host, 'latin1'));
    // One look afterwards is enough: it also shows changes before and during the read.
    const unchanged =
      readFully(fd, from, bytes) === bytes.length && isSame(seen, fstatSync(fd, { bigint: true }));
    if (!unchanged) throw bad('changed while it was read');
  } catch (error) {
    if (error instanceof CramfsError) throw error;
    // ELOOP: O_NOFOLLOW met a symbolic link. ESPIPE: a fifo has no places to read at.
    if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'ESPIPE')) {
      throw bad('changed while it was read', error);
    }
    throw bad(`cannot be read: ${systemReason(error)}`, error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Reads files into one buffer, so that reading many files leaves no garbage. */
export class SourceReader {
  /** Not a Buffer, whose slice() does not copy: users of `Uint8Array` rely on a copy. */
  private buffer = new Uint8Array(1 << 20);

  /**
   * Reads a file, up to what cramfs can hold: see {@link readPart}.
   *
   * @returns the content, valid until the next call.
   */
  read(place: FilePlace): Uint8Array {
    const bytes = this.room(Math.min(Number(place.seen.size), CRAMFS_MAX_FILE_SIZE));
    readPart(place, 0, bytes);
    return bytes;
  }

  private room(length: number): Uint8Array {
    if (length > KEPT_BYTES) return new Uint8Array(length);
    if (length > this.buffer.length) this.buffer = new Uint8Array(length);
    return this.buffer.subarray(0, length);
  }
}

/** Opens without touching the access time, where that is allowed: to the owner, on Linux. */
function openQuietly(host: Buffer): number {
  try {
    return openSync(host, OPEN_FLAGS | constants.O_NOATIME);
  } catch (error) {
    if (!isSystemError(error, 'EPERM')) throw error;
    return openSync(host, OPEN_FLAGS);
  }
}

function readFully(fd: number, from: number, bytes: Uint8Array): number {
  let filled = 0;
  while (filled < bytes.length) {
    const count = readSync(fd, bytes, filled, bytes.length - filled, from + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

function isSame(seen: FileIdentity, now: BigIntStats): boolean {
  return (
    seen.dev === now.dev &&
    seen.ino === now.ino &&
    seen.size === now.size &&
    seen.mtimeNs === now.mtimeNs &&
    seen.ctimeNs === now.ctimeNs
  );
}

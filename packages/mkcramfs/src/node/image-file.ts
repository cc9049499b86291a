import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CramfsError, InvariantError } from 'cramfs-format';
import type { ImageSink } from '../image-sink.js';
import { isSystemError } from 'cramfs-archive/node';
import { removeStale, temporaryName } from './temporary-file.js';

/** The buffer for small pieces, such as those of tar. Larger ones, of images, are written at once. */
const BUFFER_BYTES = 1 << 18;

/**
 * A file that appears whole or not at all: bytes go to a temporary file beside it, which
 * commit() renames when all of them are on the disk. A symlink is followed; its target need not exist. A
 * replaced file's mode is kept, and its owner if that is allowed. A device is written in place.
 */
export class AtomicFile implements ImageSink {
  private readonly path: string;
  private readonly writePath: string;
  private readonly fd: number;
  private readonly replaced: Stats | undefined;
  private readonly buffer = Buffer.alloc(BUFFER_BYTES);
  private buffered = 0;
  private flushed = 0;
  private open = true;
  /** Until commit() a file is as it was; a device is not. */
  readonly isTentative: boolean;

  /**
   * @throws the system's error if the file cannot be created, CramfsError BAD_REQUEST for a pipe or
   * socket, which cannot be written to out of order.
   */
  constructor(path: string) {
    const existing = statSync(path, { throwIfNoEntry: false });
    if (existing?.isFIFO() === true || existing?.isSocket() === true) {
      throw new CramfsError('BAD_REQUEST', `${path} is a pipe or socket: give a file or device`);
    }
    this.path = followLinks(path);
    const inPlace = existing?.isFile() === false;
    this.isTentative = !inPlace;
    if (!inPlace) removeStale(this.path);
    this.writePath = inPlace ? this.path : temporaryName(this.path);
    try {
      this.fd = openSync(
        this.writePath,
        inPlace ? 'r+' : 'wx',
        existing === undefined ? 0o666 : 0o600,
      );
    } catch (error) {
      // The user does not know the temporary name.
      if (error instanceof Error) Object.assign(error, { path: this.path });
      throw error;
    }
    this.replaced = inPlace ? undefined : existing;
  }

  /** @throws Error after commit() or abort(): the descriptor may be another file's by then. */
  write(bytes: Uint8Array): void {
    if (!this.open) throw new InvariantError(`${this.path} is closed`);
    if (this.buffered + bytes.length > BUFFER_BYTES) this.flush();
    if (bytes.length >= BUFFER_BYTES) {
      this.writeAll(bytes, this.flushed);
      this.flushed += bytes.length;
    } else {
      this.buffer.set(bytes, this.buffered);
      this.buffered += bytes.length;
    }
  }

  patch(offset: number, bytes: Uint8Array): void {
    this.flush();
    this.writeAll(bytes, offset);
  }

  /** Makes the file appear under its name. */
  commit(): void {
    this.flush();
    if (this.replaced !== undefined) takeOver(this.fd, this.replaced);
    sync(this.fd);
    if (this.writePath !== this.path) {
      renameSync(this.writePath, this.path);
      syncDirectory(dirname(this.path));
    }
    this.close();
  }

  /** Removes what was written; harmless after commit(). */
  abort(): void {
    if (!this.open) return;
    this.close();
    if (this.writePath !== this.path) rmSync(this.writePath, { force: true });
  }

  private close(): void {
    this.open = false;
    closeSync(this.fd);
  }

  private flush(): void {
    this.writeAll(this.buffer.subarray(0, this.buffered), this.flushed);
    this.flushed += this.buffered;
    this.buffered = 0;
  }

  private writeAll(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length;) {
      done += writeSync(this.fd, bytes, done, bytes.length - done, position + done);
    }
  }
}

/** Flushes what was written to the disk. Not every device and file system supports this. */
function sync(fd: number): void {
  try {
    fsyncSync(fd);
  } catch (error) {
    if (!isSystemError(error, 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) throw error;
  }
}

/** After a crash the new name is there; if the directory cannot be read, one of the two is. */
function syncDirectory(path: string): void {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (isSystemError(error, 'EACCES', 'EPERM', 'EISDIR')) return;
    throw error;
  }
  try {
    sync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Where symlinks at the end of a path lead. The target need not exist; the symlinks must not form a loop. */
function followLinks(path: string): string {
  try {
    return followLinks(resolve(dirname(path), readlinkSync(path)));
  } catch (error) {
    // EINVAL: not a symlink. ENOENT: it does not exist.
    if (isSystemError(error, 'EINVAL', 'ENOENT')) return path;
    throw error;
  }
}

/** Gives a new file the owner and mode of one that it replaces. */
function takeOver(fd: number, { mode, uid, gid }: Stats): void {
  const own = fstatSync(fd);
  try {
    // Do not call it without need: fakeroot would record the real owner.
    if (own.uid !== uid || own.gid !== gid) fchownSync(fd, uid, gid);
  } catch (error) {
    // As in cp(1): not every user may do this.
    if (!isSystemError(error, 'EPERM')) throw error;
  }
  fchmodSync(fd, mode & 0o777);
}

import {
  closeSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import type { ImageSink } from '../write-image.js';

/** For who writes in small pieces, as tar does. Larger ones, of images, are written as they come. */
const BUFFER_BYTES = 1 << 18;

/**
 * A file that comes into being whole or not at all: bytes go to a temporary file beside it, which
 * commit() renames. A symlink is followed. A device is written in place.
 */
export class AtomicFile implements ImageSink {
  private readonly path: string;
  private readonly writePath: string;
  private readonly fd: number;
  private readonly buffer = Buffer.alloc(BUFFER_BYTES);
  private buffered = 0;
  private flushed = 0;
  private open = true;

  /** @throws the system's error if the file cannot be created. */
  constructor(path: string) {
    const existing = statSync(path, { throwIfNoEntry: false });
    this.path = existing === undefined ? path : realpathSync(path);
    const inPlace = existing?.isFile() === false;
    this.writePath = inPlace ? this.path : `${this.path}.${process.pid}.tmp`;
    try {
      this.fd = openSync(this.writePath, inPlace ? 'r+' : 'wx', 0o666);
    } catch (error) {
      // Nobody knows the temporary name.
      if (error instanceof Error) Object.assign(error, { path: this.path });
      throw error;
    }
  }

  /** @throws Error after commit() or abort(): the descriptor may be another file's by then. */
  write(bytes: Uint8Array): void {
    if (!this.open) throw new Error(`${this.path} is closed`);
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
    this.close();
    if (this.writePath !== this.path) renameSync(this.writePath, this.path);
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

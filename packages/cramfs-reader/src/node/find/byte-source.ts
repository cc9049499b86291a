import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes that are searched, in a file or in memory. */
export interface ByteSource {
  /** The number of bytes; Infinity if it is unknown, as for a block device. */
  readonly size: number;
  /** At most `length` bytes from `position` on; fewer at the end. Valid until the next read(). */
  read(position: number, length: number): Uint8Array;
  /** Everything from `position` on, in pieces. */
  stream(position: number): AsyncIterable<Uint8Array>;
}

const MAX_READ = 2 ** 30;
const STREAM_PIECE = 2 ** 17;

export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: (position, length) => bytes.subarray(position, position + length),
    stream: (position) => pieces(bytes.subarray(position)),
  };
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += STREAM_PIECE) {
    yield await Promise.resolve(bytes.subarray(at, at + STREAM_PIECE));
  }
}

/** A file or block device that is open until close(). */
export class FileSource implements ByteSource {
  readonly size: number;
  private readonly path: string;
  private readonly fd: number;
  private buffer = new Uint8Array(0);

  /** @throws the system's error. */
  constructor(path: string) {
    this.path = path;
    this.fd = openSync(path, 'r');
    const status = fstatSync(this.fd);
    this.size = status.isFile() ? status.size : Infinity;
  }

  read(position: number, length: number): Uint8Array {
    if (this.buffer.length < length) this.buffer = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const wanted = Math.min(length - done, MAX_READ);
      const got = readSync(this.fd, this.buffer, done, wanted, position + done);
      if (got === 0) break;
      done += got;
    }
    return this.buffer.subarray(0, done);
  }

  stream(position: number): AsyncIterable<Uint8Array> {
    return createReadStream(this.path, { start: position, highWaterMark: STREAM_PIECE });
  }

  close(): void {
    closeSync(this.fd);
  }
}

const STEP = 2 ** 22;
/** Less room than this is not worth starting with. */
const LEAST_ROOM = 2 ** 26;

/**
 * Bytes that come in pieces, in one memory that grows in place: growing does not copy, and worker threads can
 * share the result. Pieces of zeros take no memory.
 */
export class GrowingBytes {
  private readonly buffer: SharedArrayBuffer;
  private readonly limit: number;
  private length = 0;

  /** @param limit most bytes that there may be; takes addresses at once, but not memory. */
  constructor(limit: number) {
    this.buffer = reserve(limit);
    this.limit = limit;
  }

  /**
   * @returns false if there would be more than the limit; then nothing is added.
   * @throws RangeError if there is no memory.
   */
  append(piece: Uint8Array): boolean {
    const end = this.length + piece.length;
    if (end > this.limit) return false;
    const room = this.buffer.maxByteLength;
    if (end > room) throw new RangeError(`out of memory: no addresses for more than ${room} bytes`);
    if (end > this.buffer.byteLength) this.buffer.grow(Math.min(room, end + STEP));
    if (!isZero(piece)) new Uint8Array(this.buffer, this.length, piece.length).set(piece);
    this.length = end;
    return true;
  }

  /** What has been appended so far. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.buffer, 0, this.length);
  }
}

/** Reserves addresses for `limit` bytes, or for fewer if the system does not give that many. */
function reserve(limit: number): SharedArrayBuffer {
  for (let size = limit; ; size = Math.ceil(size / 2)) {
    try {
      return new SharedArrayBuffer(0, { maxByteLength: size });
    } catch (error) {
      if (!(error instanceof RangeError) || size <= LEAST_ROOM) throw error;
    }
  }
}

const ZEROS = new Uint8Array(2 ** 16);

/** True for pages of zeros, which need no copy: the memory is zeros from the start. */
function isZero(piece: Uint8Array): boolean {
  if (piece[0] !== 0) return false;
  for (let at = 0; at < piece.length; at += ZEROS.length) {
    const part = piece.subarray(at, at + ZEROS.length);
    if (Buffer.compare(part, ZEROS.subarray(0, part.length)) !== 0) return false;
  }
  return true;
}

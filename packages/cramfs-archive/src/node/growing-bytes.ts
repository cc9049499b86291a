const STEP = 2 ** 22;

/**
 * Bytes that come in pieces, in one memory that grows in place: nothing is copied to grow, and
 * worker threads can share the result.
 */
export class GrowingBytes {
  private readonly buffer: SharedArrayBuffer;
  private readonly limit: number;
  private length = 0;

  /** @param limit most bytes that there may be; takes addresses at once, but no memory. */
  constructor(limit: number) {
    this.buffer = new SharedArrayBuffer(0, { maxByteLength: limit });
    this.limit = limit;
  }

  /** @returns false if there would be more than the limit; then nothing is added. */
  append(piece: Uint8Array): boolean {
    const end = this.length + piece.length;
    if (end > this.limit) return false;
    if (end > this.buffer.byteLength) this.buffer.grow(Math.min(this.limit, end + STEP));
    new Uint8Array(this.buffer, this.length, piece.length).set(piece);
    this.length = end;
    return true;
  }

  /** What has been appended so far. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.buffer, 0, this.length);
  }
}

const EMPTY: Uint8Array = new Uint8Array(0);

/** The input ended in the middle of something. */
export class UnexpectedEnd extends Error {
  override readonly name = 'UnexpectedEnd';
  readonly code = 'UNEXPECTED_END';

  constructor() {
    super('unexpected end of the input');
  }
}

/** Reads exact numbers of bytes from a stream of chunks of any size. */
export class ChunkReader {
  private readonly chunks: AsyncIterator<Uint8Array>;
  /** What is left of the bytes received. */
  private rest = EMPTY;
  private position = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.chunks = chunks[Symbol.asyncIterator]();
  }

  /** Bytes taken so far. */
  get offset(): number {
    return this.position;
  }

  /** The next `length` bytes, without taking them, if they have been received. Read-only. */
  ready(length: number): Uint8Array | undefined {
    return length <= this.rest.length ? this.rest.subarray(0, length) : undefined;
  }

  /** The next `length` bytes without taking them, or fewer if the input ends before. Read-only. */
  async peek(length: number): Promise<Uint8Array> {
    while (this.rest.length < length) {
      const chunk = await this.next();
      if (chunk === undefined) break;
      this.rest = this.rest.length === 0 ? chunk : concat(this.rest, chunk);
    }
    return this.rest.subarray(0, length);
  }

  /**
   * Takes `length` bytes, few enough to be copied. Read-only.
   *
   * @throws UnexpectedEnd
   */
  async take(length: number): Promise<Uint8Array> {
    const bytes = await this.peek(length);
    if (bytes.length < length) throw new UnexpectedEnd();
    this.drop(length);
    return bytes;
  }

  /**
   * Fills `target`.
   *
   * @throws UnexpectedEnd
   */
  async readInto(target: Uint8Array): Promise<void> {
    for (let filled = 0; filled < target.length;) {
      const bytes = await this.some(target.length - filled);
      if (bytes === undefined) throw new UnexpectedEnd();
      target.set(bytes, filled);
      filled += bytes.length;
    }
  }

  /**
   * Skips `length` bytes.
   *
   * @throws UnexpectedEnd
   */
  async skip(length: number): Promise<void> {
    for (let left = length; left > 0;) {
      const bytes = await this.some(left);
      if (bytes === undefined) throw new UnexpectedEnd();
      left -= bytes.length;
    }
  }

  /** Takes at least one and at most `limit` bytes; undefined at the end of the input. */
  async some(limit: number): Promise<Uint8Array | undefined> {
    while (this.rest.length === 0) {
      const chunk = await this.next();
      if (chunk === undefined) return undefined;
      this.rest = chunk;
    }
    const bytes = this.rest.subarray(0, limit);
    this.drop(bytes.length);
    return bytes;
  }

  /** Gives up the input, so that it can release what it holds. */
  async close(): Promise<void> {
    await this.chunks.return?.();
  }

  private async next(): Promise<Uint8Array | undefined> {
    const result = await this.chunks.next();
    return result.done === true ? undefined : result.value;
  }

  /** Takes bytes that are {@link ready}. */
  drop(length: number): void {
    this.rest = this.rest.subarray(length);
    this.position += length;
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

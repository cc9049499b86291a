import base64 from '#deflate-module';
import type { BlockBatch, CompressedBatch, Effort } from './block-batch.js';

/** Bytes of the longest block: the module has room for no more. */
const MAX_BLOCK = 65536;
/** What a zlib stream adds at most: two stored blocks, header and checksum. */
const OVERHEAD = 2 + 2 * 5 + 4;

/** What packages/mkcramfs/deflate exports. Pointers are numbers. */
interface DeflateExports {
  readonly memory: WebAssembly.Memory;
  readonly inputPointer: () => number;
  readonly outputPointer: () => number;
  readonly compress: (length: number, best: boolean) => number;
}

/**
 * Deflate for blocks of up to 64 KiB, as WebAssembly: the same bytes on every machine. The module's
 * memory is one block and its tables, 4 MiB, and does not grow.
 */
export class BlockDeflater {
  private readonly module: DeflateExports;
  private readonly memory: Uint8Array;
  private readonly input: number;
  private readonly output: number;

  constructor() {
    const code = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), {});
    this.module = exports as unknown as DeflateExports;
    this.memory = new Uint8Array(this.module.memory.buffer);
    this.input = this.module.inputPointer();
    this.output = this.module.outputPointer();
  }

  /**
   * Compresses a block to a zlib stream, at most 16 bytes longer than the block.
   *
   * @param block at most 65536 bytes.
   * @returns a view of the module's memory, valid until the next call.
   * @throws RangeError if the block is longer.
   */
  compress(block: Uint8Array, effort: Effort): Uint8Array {
    if (block.length > MAX_BLOCK) {
      throw new RangeError(`a block has at most ${MAX_BLOCK} bytes, not ${block.length}`);
    }
    this.memory.set(block, this.input);
    const length = this.module.compress(block.length, effort === 'best');
    return this.memory.subarray(this.output, this.output + length);
  }

  /** Compresses one batch, in order, on the calling thread. */
  compressBatch(
    { data, lengths, keepIncompressible }: BlockBatch,
    effort: Effort,
  ): CompressedBatch {
    const room = keepIncompressible ? data.length : data.length + OVERHEAD * lengths.length;
    const packed = new Uint8Array(room);
    let from = 0;
    let to = 0;
    const packedLengths = lengths.map((length) => {
      const block = data.subarray(from, from + length);
      from += length;
      const stream = this.compress(block, effort);
      const stored = keepIncompressible && stream.length >= length ? block : stream;
      packed.set(stored, to);
      to += stored.length;
      return stored.length;
    });
    return { data: packed.subarray(0, to), lengths: packedLengths, spent: data.buffer };
  }
}

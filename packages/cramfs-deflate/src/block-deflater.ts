import base64, { sha256 } from '#deflate-module';
import { instantiate } from './instantiate.js';

/** Bytes of the longest block: the module has room for no more. */
const MAX_BLOCK = 65536;

/** A block of more than 64 KiB. */
export class BlockTooLongError extends RangeError {
  override readonly name = 'BlockTooLongError';
  readonly code = 'TOO_LONG';
}

/** `default`: a lazy parse. `best`: the cheapest of all parses, 1.4 % smaller in four times the time. */
export type Effort = 'default' | 'best';

/** Names what makes the bytes: with another digest the output may be another. */
export const DEFLATE_MODULE_SHA256 = sha256;

/** What assembly/deflate exports. Pointers are numbers. */
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
  private readonly module = instantiate(base64) as DeflateExports;
  private readonly memory = new Uint8Array(this.module.memory.buffer);
  private readonly input = this.module.inputPointer();
  private readonly output = this.module.outputPointer();

  /**
   * Compresses a block to a zlib stream, at most 16 bytes longer than the block.
   *
   * @param block at most 65536 bytes.
   * @returns a view of the module's memory, valid until the next call.
   * @throws BlockTooLongError
   */
  compress(block: Uint8Array, effort: Effort): Uint8Array {
    if (block.length > MAX_BLOCK) {
      throw new BlockTooLongError(`a block has at most ${MAX_BLOCK} bytes, not ${block.length}`);
    }
    this.memory.set(block, this.input);
    const length = this.module.compress(block.length, effort === 'best');
    return this.memory.subarray(this.output, this.output + length);
  }
}

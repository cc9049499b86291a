/**
 * How blocks are deflated. All are WebAssembly or JavaScript, so that the bytes do not depend on
 * the machine: node:zlib's output differs between CPUs and Node versions.
 *
 * - `libdeflate-6`, `libdeflate-10`: smallest for the time they take.
 * - `zlib-6`, `zlib-9`: byte for byte what C zlib writes at that level.
 */
export type Codec = 'libdeflate-6' | 'libdeflate-10' | 'zlib-6' | 'zlib-9';

/** Blocks on their way to a compressor: `data` is their concatenation. */
export interface BlockBatch {
  readonly data: Uint8Array;
  /** Bytes of each block. */
  readonly lengths: readonly number[];
  readonly codec: Codec;
  /** Give back a block as it is if compressing does not make it smaller. */
  readonly keepIncompressible: boolean;
}

/**
 * The blocks of a batch as they will be stored, concatenated. With `keepIncompressible`, a stored
 * length equal to the block's own means that it was left as it is.
 */
export interface CompressedBatch {
  readonly data: Uint8Array;
  readonly lengths: readonly number[];
  /** The memory of the batch's data, which is no longer needed. */
  readonly spent: ArrayBufferLike;
}

/** libdeflate: a block as a zlib stream. `level` is 1 to 12. */
export type ZlibCompressor = (block: Uint8Array, level: number) => Uint8Array;

/** Compresses batches, perhaps several at a time; `concurrency` is how many are worth having. */
export interface BlockCompressor {
  readonly concurrency: number;
  /** Takes ownership of `batch.data`, which may be transferred to another thread. */
  compress(batch: BlockBatch): Promise<CompressedBatch>;
}

/** A compressor without threads, for browsers and small trees. */
export function inlineCompressor(): BlockCompressor {
  return {
    concurrency: 1,
    async compress(batch) {
      // Only now: where threads compress, nobody else has to load the compressors.
      const [{ compressBatch }, { zlib }] = await Promise.all([
        import('./compress-batch.js'),
        import('libdeflate'),
      ]);
      return compressBatch(batch, zlib);
    },
  };
}

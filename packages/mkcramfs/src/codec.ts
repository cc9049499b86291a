import type { Libdeflate } from './libdeflate.js';

/**
 * How blocks are deflated. All are WebAssembly or JavaScript, so that the bytes do not depend on
 * the machine: node:zlib's output differs between CPUs and Node versions.
 */
export interface Codec {
  /** `libdeflate`: smallest for the time it takes. `zlib`: byte for byte what C zlib writes. */
  readonly library: 'libdeflate' | 'zlib';
  /** As the library counts: libdeflate 1 to 12, zlib 1 to 9. */
  readonly level: number;
}

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

/** Compresses batches, perhaps several at a time; `concurrency` is how many are worth having. */
export interface BlockCompressor {
  readonly concurrency: number;
  /** Takes ownership of `batch.data`, which may be transferred to another thread. */
  compress(batch: BlockBatch): Promise<CompressedBatch>;
}

let libdeflate: Promise<Libdeflate> | undefined;

/** The one of this thread; loaded when it is first used. */
export function loadLibdeflate(): Promise<Libdeflate> {
  libdeflate ??= import('./libdeflate.js').then((module) => module.Libdeflate.load());
  return libdeflate;
}

/** A compressor without threads, for browsers and small trees. */
export function inlineCompressor(): BlockCompressor {
  return {
    concurrency: 1,
    async compress(batch) {
      // Only now: where threads compress, nobody else has to load the compressors.
      const { compressBatch, cZlib } = await import('./compress-batch.js');
      if (batch.codec.library === 'zlib') return compressBatch(batch, cZlib);
      return (await loadLibdeflate()).compress(batch);
    },
  };
}

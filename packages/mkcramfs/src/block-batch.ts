import type { Effort } from 'cramfs-deflate';

/**
 * How blocks are deflated. All are WebAssembly or JavaScript, so that the bytes do not depend on
 * the machine: node:zlib's output differs between CPUs and Node versions.
 */
export type Codec =
  /** Made for blocks, and the default for images. */
  | { readonly library: 'block-deflate'; readonly effort: Effort }
  /** Byte for byte what C zlib writes, at one of its levels 1 to 9. */
  | { readonly library: 'zlib'; readonly level: number }
  /** OpenRG's blocks: see docs/dialects.md. */
  | { readonly library: 'lzma' };

/** Blocks on their way to a compressor: `data` is their concatenation. */
export interface BlockBatch {
  readonly data: Uint8Array;
  /** Bytes of each block. */
  readonly lengths: readonly number[];
  /** Where the result may go, a whole buffer; without it the result gets memory of its exact size. */
  readonly room?: Uint8Array | undefined;
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
  /** Memory of the batch that is no longer needed. */
  readonly spent: readonly ArrayBufferLike[];
}

/** Compresses batches, perhaps several at a time; `concurrency` is how many are worth having. */
export interface BlockCompressor {
  readonly concurrency: number;
  /** Takes ownership of `batch.data` and `batch.room`, which may be transferred to another thread. */
  compress(batch: BlockBatch): Promise<CompressedBatch>;
  /** Tells it that no batch comes for a while: it may give up threads and memory until then. */
  rest?(): void;
}

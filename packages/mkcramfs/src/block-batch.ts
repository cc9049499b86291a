import type { Effort } from 'cramfs-deflate';
import type { FilePlace } from './tree.js';

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

/** Bytes of a file that are to be read for a batch. */
export interface UnreadPart {
  readonly place: FilePlace;
  /** Where the part starts in the file. */
  readonly from: number;
  /** Where it is in the concatenation of all blocks. */
  readonly at: number;
  readonly length: number;
}

/** Blocks on their way to a compressor. */
export interface BlockBatch {
  /** Their concatenation, without what is unread. */
  readonly data: Uint8Array;
  /** What is still to be read, in order: only of batches for compressors that read files. */
  readonly unread?: readonly UnreadPart[];
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

/** Compresses batches, perhaps several at a time. */
export interface BlockCompressor {
  /** How many batches it should be given before it has returned one: enough to keep its threads busy. */
  readonly capacity: number;
  /** It reads what is unread of a batch, and throws CramfsError BAD_SOURCE where it cannot. */
  readonly readsFiles?: boolean;
  /** Takes ownership of `batch.data` and `batch.room`, which may be transferred to another thread. */
  compress(batch: BlockBatch): Promise<CompressedBatch>;
  /** Tells it that no batch comes for a while: it may give up threads and memory until then. */
  rest?(): void;
}

/** The memory of a batch, all of which may be moved to another thread. */
export function memoryOfBatch({ data, room }: BlockBatch): ArrayBufferLike[] {
  return room === undefined ? [data.buffer] : [data.buffer, room.buffer];
}

/** The memory of a batch that is free again: all but `used`. */
export function spentMemory(
  batch: BlockBatch,
  used: readonly ArrayBufferLike[],
): ArrayBufferLike[] {
  return memoryOfBatch(batch).filter((memory) => !used.includes(memory));
}

import { BlockInflater, type InflatedRun } from 'cramfs-deflate';
import { crc32 } from 'cramfs-format';

/** How blocks are compressed: a zlib stream each, or LZMA properties, a length and LZMA data. */
export type BlockMethod = 'zlib' | 'lzma';

/** What makes content of a compressed block. */
export interface BlockCodec {
  /**
   * Inflates one block's zlib stream, or the dialect's equivalent; bytes after its end are ignored, as in
   * Linux.
   *
   * @param maxLength at least 1.
   * @returns at most `maxLength` bytes, valid for as long as the caller likes.
   * @throws RangeError if there is not enough memory; an Error of any other class if the data is
   * damaged or cut off, or gives more bytes.
   */
  inflate(data: Uint8Array, maxLength: number): Uint8Array;
  /** Like `inflate`, but the result is valid only until the next call. */
  borrow?(data: Uint8Array, maxLength: number): Uint8Array;
  /**
   * Inflates several streams at once, which is faster: see BlockInflater.borrowRun(). Returns
   * undefined if it cannot. Inflate a stream alone to learn its error.
   */
  borrowRun?(
    data: Uint8Array,
    places: Uint32Array,
    streams: number,
    maxLength: number,
  ): InflatedRun | undefined;
  /** What blocks are; default zlib. */
  readonly method?: BlockMethod;
}

/** The two zlib functions an image needs. Its opener may provide faster ones. */
export interface ZlibCodec extends BlockCodec {
  /** Continues a CRC-32 over `bytes`; start with 0, the default. */
  crc32(bytes: Uint8Array, crc?: number): number;
}

let inflater: BlockInflater | undefined;

/** Runs everywhere. */
export const portableZlib: ZlibCodec = {
  inflate(data, maxLength) {
    inflater ??= new BlockInflater();
    return inflater.inflate(data, maxLength);
  },
  borrow(data, maxLength) {
    inflater ??= new BlockInflater();
    return inflater.borrow(data, maxLength);
  },
  borrowRun(data, places, streams, maxLength) {
    inflater ??= new BlockInflater();
    return inflater.borrowRun(data, places, streams, maxLength);
  },
  crc32,
};

import { BlockInflater } from 'cramfs-deflate';
import { crc32 } from 'cramfs-format';

/** How blocks are compressed: a zlib stream each, or LZMA properties, a length and LZMA data. */
export type BlockMethod = 'zlib' | 'lzma';

/** What makes content of a compressed block. */
export interface BlockCodec {
  /**
   * Inflates one block's zlib stream, or what the dialect has instead; bytes after its end are
   * ignored, as in Linux.
   *
   * @param maxLength at least 1.
   * @returns at most `maxLength` bytes, valid for as long as the caller likes.
   * @throws RangeError if there is no memory to do it; an Error of any other class if the data is
   * damaged or cut off, or gives more bytes.
   */
  inflate(data: Uint8Array, maxLength: number): Uint8Array;
  /** As `inflate`, but what it returns is valid until the next call only. */
  borrow?(data: Uint8Array, maxLength: number): Uint8Array;
  /** What blocks are; default zlib. */
  readonly method?: BlockMethod;
}

/** The two zlib functions an image needs. Whoever opens it may bring faster ones. */
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
  crc32,
};

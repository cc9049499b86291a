import type { BlockSize, Endianness } from 'cramfs-format';
import type { Dialect } from './dialects/dialect.js';
import type { Inode } from './types.js';
import type { ZlibCodec } from './zlib.js';

/**
 * The data of an open image, which directories, paths and blocks are read from. `CramfsImage` in image.ts
 * adds the operations.
 */
export interface ImageData {
  /** Bytes from the file system's byte 0 to the end of the input: may be longer than the image. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /**
   * Where the image ends, in bytes: the size that the superblock states, or the end of `bytes` if that comes
   * first or the stated size is missing or impossible: see statedSize().
   */
  readonly size: number;
  readonly endianness: Endianness;
  readonly blockSize: BlockSize;
  readonly root: Inode;
  readonly zlib: ZlibCodec;
  readonly dialect: Dialect;
  readonly unreadable: string | undefined;
}

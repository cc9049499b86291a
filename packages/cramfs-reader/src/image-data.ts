import type { BlockSize, Endianness } from 'cramfs-format';
import type { Dialect } from './dialects/dialect.js';
import type { Inode } from './types.js';
import type { ZlibCodec } from './zlib.js';

/**
 * What an open image is made of: all that directories, paths and blocks are read from. `CramfsImage` in
 * image.ts puts the operations on it.
 */
export interface ImageData {
  /** Bytes from the file system's byte 0 to the end of the input: may be longer than the image. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /**
   * Where the image ends, in bytes: what the superblock says, or the end of `bytes` if that comes
   * first or the superblock says nothing that can be: see statedSize().
   */
  readonly size: number;
  readonly endianness: Endianness;
  readonly blockSize: BlockSize;
  readonly root: Inode;
  readonly zlib: ZlibCodec;
  readonly dialect: Dialect;
  readonly unreadable: string | undefined;
}

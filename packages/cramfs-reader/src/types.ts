import type {
  BlockSize,
  CramfsError,
  DeviceNumber,
  Endianness,
  FileType,
  RawSuperblock,
} from 'cramfs-format';
import type { DialectName } from './dialects/names.js';
import type { BlockCodec, ZlibCodec } from './zlib.js';

export interface OpenOptions {
  /** Where the file system (its byte 0, the start of the device) starts in the bytes; default 0. */
  offset?: number | undefined;
  /** Default: found by countBlockSizeVotes(), 4096 when nothing tells. */
  blockSize?: BlockSize | undefined;
  /** Without `blockSize`: the size used if nothing in the image suggests another one. */
  preferredBlockSize?: BlockSize | undefined;
  /** Default: {@link portableZlib}. */
  zlib?: ZlibCodec | undefined;
  /** For images with LZMA blocks, such as OpenRG's, which cannot be read without it. */
  lzma?: BlockCodec | undefined;
  /** Default: recognised by the image's content. */
  dialect?: DialectName | undefined;
}

/** The superblock as stored, and where and how it was found. */
export interface Superblock extends RawSuperblock {
  /** Image offset of the superblock: 0, or 512 after a pad. */
  readonly offset: number;
  readonly endianness: Endianness;
}

/** An inode, interpreted. Immutable. */
export interface Inode {
  /**
   * Linux's inode number: the data offset, or the entry's offset + 1 if there is no data. Compare
   * fs/cramfs/inode.c:cramino().
   */
  readonly ino: number;
  /** Image offset of the `struct cramfs_inode`. */
  readonly entryOffset: number;
  /** The mode as stored, unknown file types included. */
  readonly mode: number;
  readonly type: FileType | undefined;
  readonly uid: number;
  readonly gid: number;
  /** The size as stored: bytes of content; for a device its encoded number. */
  readonly size: number;
  /** Image offset of the pointer table or of the directory entries, 0 if there is none. */
  readonly dataOffset: number;
  /** Device number of a character or block device. */
  readonly rdev: DeviceNumber | undefined;
}

export interface DirectoryEntry {
  /** Byte string as stored, zero padding stripped: may hold `/` or be `..` in a hostile image. */
  readonly name: string;
  readonly inode: Inode;
}

export interface WalkEntry {
  /** Byte string from the root of the walk: `/`, `/bin`, `/bin/sh`. */
  readonly path: string;
  /** Last component; empty for the root of the walk. */
  readonly name: string;
  readonly inode: Inode;
}

export interface WalkOptions {
  /**
   * Called for a directory that cannot be read to its end, with the path set; the walk goes on with the rest.
   * Without it the walk throws.
   */
  onError?: ((error: CramfsError) => void) | undefined;
  /** Called for every directory, after it was yielded, to ask whether to enter it; default: always. */
  enter?: ((entry: WalkEntry) => boolean) | undefined;
}

export interface LookupOptions {
  /** Whether a symlink as the last component is followed; default true. */
  followSymlinks?: boolean | undefined;
}

/** One block of a file or symlink: its pointer, decoded and checked. */
export interface Block {
  readonly index: number;
  readonly kind: 'hole' | 'compressed' | 'uncompressed';
  /** True if the pointer says where the block starts, false if it says where it ends. */
  readonly direct: boolean;
  /** The pointer as stored; 0 of a file in one piece, which has none (Dialect.extent). */
  readonly raw: number;
  /** Image offset of the pointer; of the inode, if there is none. */
  readonly pointerOffset: number;
  /** Image offset of the stored data, after the length of a direct compressed block. */
  readonly start: number;
  /** Stored bytes, that length not counted. */
  readonly length: number;
  /** Bytes of the file that the block holds. */
  readonly size: number;
}

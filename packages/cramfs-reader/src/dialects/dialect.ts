import {
  CRAMFS_INODE_SIZE,
  decodeInode,
  type BlockSize,
  type Endianness,
  type RawInode,
} from 'cramfs-format';
import type { Inode, Superblock } from '../types.js';
import type { BlockMethod } from '../zlib.js';
import type { DialectName } from './names.js';

/** How the inode of a directory entry is stored. */
export interface InodeFormat {
  /** Bytes of the inode; the name follows. */
  readonly size: number;
  /** Reads the inode at byte `at`; the caller has checked that `size` bytes are there. */
  readonly decode: (view: DataView, at: number, endianness: Endianness) => RawInode;
}

/** `struct cramfs_inode` of include/uapi/linux/cramfs_fs.h. */
export const LINUX_INODES: InodeFormat = { size: CRAMFS_INODE_SIZE, decode: decodeInode };

/** What identifies a file stored in one piece: see {@link Dialect.extent}. */
export type ExtentInode = Pick<Inode, 'type' | 'mode' | 'size' | 'dataOffset'>;

/**
 * A kernel whose cramfs maps files stored in one piece, which mainline Linux does not know.
 * Without an MMU such kernels map nothing: their files have no get_unmapped_area().
 */
export interface ExtentKernel {
  /** The kernel in words. */
  readonly title: string;
  /** Flags of the superblock that it knows; it refuses an image with another one. */
  readonly flags: number;
  /**
   * Whether a private writable mapping is read into the page cache, or stays in ROM until a page is written.
   */
  readonly writable: 'page cache' | 'copy on write';
  /** Whether pages are mapped when mmap(2) is called, or each when it is touched. */
  readonly mapped: 'at once' | 'on demand';
}

/** An image before it is opened, by which a dialect is recognised. */
export interface Probe {
  /** Bytes from the file system's byte 0. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** The superblock as Linux would decode it. */
  readonly superblock: Superblock;
}

/** A variant of the on-disk format, as data. Omitted fields are as in Linux. */
export interface Dialect {
  readonly name: DialectName;
  /** The name in words. */
  readonly title: string;
  /** What mainline Linux does with an image of this dialect. */
  readonly linux: 'reads' | 'refuses' | 'misreads';
  readonly inodes: InodeFormat;
  /** The block size that the superblock's flags tell. */
  readonly blockSize?: (flags: number) => BlockSize;
  readonly method?: (flags: number) => BlockMethod;
  /**
   * Image offset of the content of a file that is stored in one piece, without block pointers;
   * undefined for a file that has them.
   */
  readonly extent?: (bytes: Uint8Array, inode: ExtentInode) => number | undefined;
  /** The kernel that maps what {@link extent} finds. */
  readonly kernel?: ExtentKernel;
  /** A NUL ends the target of a symlink. */
  readonly nulTerminatedTargets?: true;
  /** The CRC is stored in the other byte order. */
  readonly swappedCrc?: true;
  /** Why the content of files and symlinks cannot be read. */
  readonly unreadable?: string;
  /** True if an image is of this dialect. */
  readonly matches: (probe: Probe) => boolean;
}

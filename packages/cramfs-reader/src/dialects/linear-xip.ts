import {
  CRAMFS_FLAG_EXT_BLOCK_POINTERS,
  CRAMFS_SUPPORTED_FLAGS,
  S_ISVTX,
  alignUp,
} from 'cramfs-format';
import { LINUX_INODES, type Dialect } from './dialect.js';
import { EXTENT_ALIGNMENT, stickyFiles } from './sticky-files.js';

/**
 * The linear XIP patches of 2000 to 2010: a regular file with the sticky bit is stored as it is, in
 * one piece from the next page boundary on, where others have block pointers.
 */
export const LINEAR_XIP: Dialect = {
  name: 'linear-xip',
  title: 'linear XIP (patches of 2000 to 2010)',
  linux: 'misreads',
  inodes: LINUX_INODES,
  extent: (_bytes, { type, mode, dataOffset, size }) =>
    type === 'file' && (mode & S_ISVTX) !== 0 && size > 0 && dataOffset > 0
      ? alignUp(dataOffset, EXTENT_ALIGNMENT)
      : undefined,
  // Compare cramfs_mmap() and cramfs_fill_super() of the patches to fs/cramfs/inode.c.
  kernel: {
    title: 'Linux with the linear XIP patches',
    flags: CRAMFS_SUPPORTED_FLAGS & ~CRAMFS_FLAG_EXT_BLOCK_POINTERS,
    writable: 'page cache',
    mapped: 'at once',
  },
  matches: (probe) => {
    const { extents, others } = stickyFiles(probe);
    return extents > others;
  },
};

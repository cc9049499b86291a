import { CRAMFS_FLAG_FSID_VERSION_2 } from 'cramfs-format';
import { LINUX_INODES, type Dialect } from './dialect.js';

/**
 * Before fsid version 2 (Linux 2.4): no size, no CRC and no counts in the superblock, and directories
 * that may not be sorted. Linux still reads it, as if its size were 256 MiB.
 */
export const OLD: Dialect = {
  name: 'old',
  title: 'before fsid version 2',
  linux: 'reads',
  inodes: LINUX_INODES,
  matches: ({ superblock }) => (superblock.flags & CRAMFS_FLAG_FSID_VERSION_2) === 0,
};

import { CRAMFS_SUPPORTED_FLAGS } from 'cramfs-format';
import { LINUX_INODES, type Dialect } from './dialect.js';

/** Unknown flags. Directories, which no dialect compresses, can still be read. */
export const UNKNOWN: Dialect = {
  name: 'unknown',
  title: 'unknown',
  linux: 'refuses',
  inodes: LINUX_INODES,
  unreadable: 'the flags announce a feature that this toolkit does not know',
  matches: ({ superblock: { flags } }) => (flags & ~CRAMFS_SUPPORTED_FLAGS) !== 0,
};

import { LINUX_INODES, type Dialect } from './dialect.js';

/** What Linux 6.12 mounts: any image that no other dialect matches. */
export const STANDARD: Dialect = {
  name: 'standard',
  title: 'standard',
  linux: 'reads',
  inodes: LINUX_INODES,
  matches: () => true,
};

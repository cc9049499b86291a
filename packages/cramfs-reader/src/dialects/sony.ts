import { CRAMFS_SUPPORTED_FLAGS } from 'cramfs-format';
import { LINUX_INODES, type Dialect } from './dialect.js';

const LZO = 0x10000000;
const LZ77 = 0x20000000;
/** Set beside these by some cameras. */
const KNOWN = CRAMFS_SUPPORTED_FLAGS | LZO | LZ77;

const COMMON = { linux: 'refuses', inodes: LINUX_INODES } as const;

/** Sony's cameras: blocks are compressed with Sony's LZ77. */
export const SONY_LZ77: Dialect = {
  ...COMMON,
  name: 'sony-lz77',
  title: 'Sony cameras (LZ77)',
  unreadable: 'the blocks are compressed with Sony LZ77, which this toolkit does not read',
  matches: ({ superblock: { flags } }) => (flags & LZ77) !== 0 && (flags & ~KNOWN) === 0,
};

/** Sony's cameras: blocks are compressed with LZO. */
export const SONY_LZO: Dialect = {
  ...COMMON,
  name: 'sony-lzo',
  title: 'Sony cameras (LZO)',
  unreadable: 'the blocks are compressed with LZO, which this toolkit does not read',
  matches: ({ superblock: { flags } }) =>
    (flags & LZO) !== 0 && (flags & LZ77) === 0 && (flags & ~KNOWN) === 0,
};

export { CramfsImage, openImage } from './image.js';
export { hasExtendedPointers } from './superblock.js';
export { portableZlib, type ZlibCodec } from './zlib.js';
export type {
  Block,
  DirectoryEntry,
  Inode,
  LookupOptions,
  OpenOptions,
  Superblock,
  WalkEntry,
  WalkOptions,
} from './types.js';

export { CramfsImage, openImage } from './image.js';
export { detectBlockSize } from './block-size.js';
export {
  directMap,
  usesPhysmemOperations,
  type Bailout,
  type DirectMapRequest,
  type DirectMapResult,
} from './mappability.js';
export {
  explainFile,
  type ExplainOptions,
  type FileExplanation,
  type RangeExplanation,
  type SegmentExplanation,
} from './explain.js';
export { chooseImage, findImages, type FindOptions, type ImageCandidate } from './find-images.js';
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

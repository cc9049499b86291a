export { CramfsImage, openImage } from './image.js';
export { countBlockSizeVotes, detectBlockSize, type BlockSizeVotes } from './block-size.js';
export { locateBlock, type BlockSource } from './blocks.js';
export {
  directMap,
  usesPhysmemOperations,
  type Bailout,
  type DirectMapRequest,
  type DirectMapResult,
  type OutsideImage,
} from './mappability.js';
export {
  explainFile,
  explainRange,
  type ExplainOptions,
  type FileExplanation,
  type PageRange,
  type RangeExplanation,
  type SegmentExplanation,
} from './explain.js';
export { chooseImage, findImages, type FindOptions, type ImageCandidate } from './find-images.js';
export {
  FINDING_CODES,
  checkImage,
  type CheckOptions,
  type CheckResult,
  type CheckStats,
  type Finding,
  type FindingCode,
  type FindingKind,
  type Severity,
} from './check.js';
export { diffImages, type DiffOptions, type Difference, type DifferenceAspect } from './diff.js';
export { compileGlobs, type PathMatcher } from './compile-globs.js';
export { selectEntries, type SelectOptions, type SelectedEntry } from './select.js';
export { tarChunks, type TarOptions } from './tar.js';
export { TAR_RECORD, encodeTarMember, tarPadding, type TarMember } from './tar-header.js';
export { makeInode } from './inode.js';
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

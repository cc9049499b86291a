export { CramfsImage, openImage } from './image.js';
export { openAnyImage } from './open-any.js';
export type { Dialect, ExtentKernel, InodeFormat } from './dialects/dialect.js';
export { openRgFlags } from './dialects/openrg.js';
export { swapWords } from './dialects/swapped-words.js';
export { DIALECT_NAMES, type DialectName } from './dialects/names.js';
export { countBlockSizeVotes, detectBlockSize, type BlockSizeVotes } from './block-size.js';
export { verifyCrc, type CrcCheck, type CrcVerdict } from './crc.js';
export { locateBlock, type BlockSource } from './blocks.js';
export { directMap, usesPhysmemOperations } from './mappability.js';
export type {
  Bailout,
  DirectMapRequest,
  DirectMapResult,
  MappedInode,
  OutsideImage,
  RunEnd,
} from './map-request.js';
export {
  explainFile,
  explainLoaded,
  type FileExplanation,
  type LoadedExplanation,
} from './explain.js';
export type { ProgramFormat, SegmentExplanation } from './explain-program.js';
export {
  explainRange,
  type ExplainOptions,
  type LoadOptions,
  type PageRange,
  type RangeExplanation,
} from './explain-range.js';
export { readNommuProgram } from './program.js';
export { filesWithSharedPages } from './shared-pages.js';
export { chooseImage, findImages, type FindOptions, type ImageCandidate } from './find-images.js';
export {
  FINDING_CODES,
  checkImage,
  checkSteps,
  type CheckOptions,
  type CheckProgress,
  type CheckResult,
  type CheckStats,
  type Finding,
  type FindingCode,
  type FindingKind,
  type Severity,
} from './check.js';
export {
  diffImages,
  diffSteps,
  type DiffOptions,
  type Difference,
  type DifferenceAspect,
} from './diff.js';
export { compileGlobs, type PathMatcher } from './compile-globs.js';
export { selectEntries, type SelectOptions, type SelectedEntry } from './select.js';
export { tarChunks, type TarOptions } from './tar.js';
export { makeInode } from './inode.js';
export { portableZlib, type BlockCodec, type ZlibCodec } from './zlib.js';
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

export { buildImage, buildImageBytes, type BuildBackend } from './build.js';
export type {
  BlockBatch,
  BlockCompressor,
  Codec,
  CompressedBatch,
  UnreadPart,
} from './block-batch.js';
export type { Effort } from 'cramfs-deflate';
export { inlineCompressor } from './codec.js';
export {
  plannedSize,
  prefixBytes,
  spanBytes,
  stretchSizes,
  surveyFlash,
  type CandidatesOf,
  type FlashSurvey,
  type SurveyedFile,
  type SurveyedTree,
} from './flash-survey.js';
export { MemorySink } from './memory-sink.js';
export { applyDeviceTable, type DeviceTableOptions } from './device-table.js';
export { ALLOWANCES, fitTree, type Allowance } from './fit.js';
export type { BuildOptions, Compat, TailPolicy, WrittenDialect, XipOptions } from './options.js';
export { readImageSource, type ImageSourceOptions } from './like/image-source.js';
export { likeImage, type ImageForm } from './like/like-image.js';
export type { StoredContent, TakenBlock } from './stored-content.js';
export {
  applyOwnership,
  type ModeRule,
  type OwnerRule,
  type OwnershipOptions,
} from './ownership.js';
export type { BlockCounts, BuildReport, EntryReport, XipReport } from './report.js';
export { changeTree, type FileContent, type TreeChange } from './change-tree.js';
export { readTarSource, type TarSourceOptions } from './tar-source.js';
export {
  joinPath,
  type DeviceEntry,
  type DirectoryEntry,
  type FileEntry,
  type FileIdentity,
  type FilePlace,
  type PlainEntry,
  type Problem,
  type ProblemKind,
  type SymlinkEntry,
  type TreeEntry,
} from './tree.js';
export { walkTree, type TreeStep } from './walk.js';
export { sectionsOf, xipCandidates, type PlannedFile, type PlannedSpan } from './xip-plan.js';
export type { BlockRange, XipCandidate, XipCandidates, XipRefusal } from './xip-ranges.js';
export type { ImageSink } from './image-sink.js';

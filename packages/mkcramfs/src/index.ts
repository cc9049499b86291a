export { buildImage, buildImageBytes, type BuildBackend } from './build.js';
export { inlineCompressor, type BlockCompressor } from './codec.js';
export type { BuildOptions, Compat, Effort, TailPolicy, XipOptions } from './options.js';
export type { BlockCounts, BuildReport, EntryReport, XipReport } from './report.js';
export {
  joinPath,
  sortedNames,
  type DeviceEntry,
  type DirectoryEntry,
  type FileEntry,
  type PlainEntry,
  type Problem,
  type SymlinkEntry,
  type TreeEntry,
} from './tree.js';
export type { ImageSink } from './write-image.js';

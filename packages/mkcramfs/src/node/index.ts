export { buildImageFile, type BuildFileOptions } from './build-file.js';
export {
  fileId,
  isSameFile,
  readDirectorySource,
  type DirectorySourceOptions,
  type FileId,
} from './directory-source.js';
export {
  cachedCompressor,
  type CacheOptions,
  type CachedCompressor,
} from './block-cache/cached-compressor.js';
export { findExtendedAttributes } from './find-attributes.js';
export { AtomicFile } from './image-file.js';
export { temporaryName } from './temporary-file.js';
export { workerCompressor, type WorkerCompressor } from './worker-compressor.js';

export { checkImageFile, type CheckFileOptions } from './check.js';
export {
  extractImage,
  type DamagePolicy,
  type ExtractOptions,
  type ExtractProblem,
  type ExtractReport,
} from './extract.js';
export {
  loadImageFile,
  readImageFile,
  type ImageFile,
  type LoadOptions,
  type LoadedImage,
} from './image-file.js';
export { startPoolFor, type ImagePool } from './threads/image-pool.js';
export { findInFile, readFound, type Container, type FoundImage } from './find/find-file.js';
export {
  UIMAGE_HEADER,
  changedUImageHeader,
  readUImageHeader,
  type UImageHeader,
} from './find/uimage.js';
export { nodeZlib } from './zlib.js';
export { readShared } from './shared-file.js';
export { readUnpacked, unpackStream } from './unpacked-file.js';
export { writeTar } from './tar.js';
export {
  findImagesInFile,
  isLargerThan,
  readImageRange,
  type SearchWindows,
} from './large-file.js';

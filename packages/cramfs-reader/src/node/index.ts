export {
  loadImageFile,
  readImageFile,
  unpackImage,
  type ImageFile,
  type LoadOptions,
  type LoadedImage,
} from './image-file.js';
export { nodeZlib } from './zlib.js';
export { isZstd, zstdDecompress } from './zstd.js';

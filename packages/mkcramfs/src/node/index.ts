export { buildImageFile, type BuildFileOptions } from './build-file.js';
export { AtomicFile } from './image-file.js';
export { workerCompressor, type WorkerCompressor } from './worker-compressor.js';

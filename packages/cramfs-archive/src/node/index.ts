export { decompress, openTarStream, type TarStream } from './decompress.js';
export { gzipDecompress } from './gzip.js';
export { isSystemError, systemReason } from './system-error.js';
export { openZstdStream, type ZstdStream } from './zstd-stream.js';
export { isZstd, zstdDecompress } from './zstd.js';

export { threadsThatFit } from './address-space.js';
export { MAGIC_LENGTH, compressionOf, type Compression } from './compression.js';
export { decompress, openTarStream, type TarStream } from './decompress.js';
export {
  EMBEDDED_HEAD,
  EMBEDDED_MAGICS,
  canBeEmbedded,
  unpackEmbedded,
  type EmbeddedKind,
} from './embedded.js';
export { GrowingBytes } from './growing-bytes.js';
export { onDeath } from './on-death.js';
export { isSystemError, systemReason } from './system-error.js';
export { unpack, type UnpackLimits, type Unpacked } from './unpack.js';

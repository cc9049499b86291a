/** Reading archives: the entry point `mkcramfs/tar`, which needs no builder. */
export { UnexpectedEnd } from './chunk-reader.js';
export { TarFormatError, decodeTarHeader, type TarHeader } from './tar-header.js';
export { readTarIndex, type TarIndex, type TarIndexEntry } from './tar-members.js';
export { parsePaxRecords, type PaxRecord } from './tar-pax.js';
export { tarPathNames } from './tar-source.js';
export type { SparsePiece } from './tar-sparse.js';

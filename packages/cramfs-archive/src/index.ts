export { ChunkReader, UnexpectedEnd } from './chunk-reader.js';
export { encodeTarMember, tarPadding, type NewTarMember } from './encode.js';
export { gunzip, isGzip } from './gzip.js';
export {
  readTarIndex,
  readTarMembers,
  type TarIndex,
  type TarIndexEntry,
  type TarIndexOptions,
  type TarMember,
  type TarMemberHead,
  type TarMemberType,
} from './members.js';
export { tarPathNames } from './path-names.js';
export { parsePaxRecords, type PaxRecord } from './pax.js';
export type { SparseMap, SparsePiece } from './sparse.js';
export {
  TAR_BLOCK_SIZE,
  TarFormatError,
  USTAR,
  clearGnuFields,
  decodeTarHeader,
  decodeTarText,
  setTarChecksum,
  setTarNumber,
  setTarText,
  type TarField,
  type TarHeader,
} from './ustar.js';

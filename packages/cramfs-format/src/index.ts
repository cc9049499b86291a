export {
  CRAMFS_BLOCK_SIZES,
  CRAMFS_DEFAULT_BLOCK_SIZE,
  CRAMFS_FLAG_EXT_BLOCK_POINTERS,
  CRAMFS_FLAG_FSID_VERSION_2,
  CRAMFS_FLAG_HOLES,
  CRAMFS_FLAG_SHIFTED_ROOT_OFFSET,
  CRAMFS_FLAG_SORTED_DIRS,
  CRAMFS_FLAG_WRONG_SIGNATURE,
  CRAMFS_GID_WIDTH,
  CRAMFS_INODE_SIZE,
  CRAMFS_MAGIC,
  CRAMFS_MAXPATHLEN,
  CRAMFS_MAX_FILE_SIZE,
  CRAMFS_OFFSET_LIMIT,
  CRAMFS_PAD_SIZE,
  CRAMFS_SIGNATURE,
  CRAMFS_SIZE_WIDTH,
  CRAMFS_SUPER_CRC_OFFSET,
  CRAMFS_SUPER_ROOT_OFFSET,
  CRAMFS_SUPER_SIZE,
  CRAMFS_SUPPORTED_FLAGS,
  CRAMFS_UID_WIDTH,
  alignUp,
  isBlockSize,
  type BlockSize,
} from './constants.js';
export { packWord, unpackWord, type BitFieldWord } from './bit-field.js';
export { getU16, getU32, setU16, setU32, type Endianness } from './endian.js';
export { BLOCK_POINTER_BITS, INODE_WORDS, SUPERBLOCK } from './layout.js';
export {
  U16,
  U32,
  U8,
  WORD32,
  WORD64,
  bytesField,
  decodeStructure,
  structure,
  textField,
  type FieldKind,
  type FieldKinds,
  type Structure,
  type StructureValues,
} from './structure.js';
export {
  dataOffset,
  decodeInode,
  directoryEntrySize,
  encodeInode,
  nameFieldLength,
  type RawInode,
} from './inode.js';
export {
  decodeSuperblock,
  encodeSuperblock,
  superblockEndianness,
  type RawSuperblock,
} from './superblock.js';
export {
  BLOCK_POINTER_SIZE,
  DIRECT_ALIGNMENT,
  DIRECT_LENGTH_SIZE,
  blockCount,
  decodeBlockPointer,
  encodeBlockPointer,
  isExtendedPointer,
  nextDirectPointer,
  type BlockPointer,
} from './block-pointer.js';
export {
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
  S_ISGID,
  S_ISUID,
  S_ISVTX,
  fileType,
  formatMode,
  hasData,
  typeBits,
  type FileType,
} from './mode.js';
export { oldDecodeDev, oldEncodeDev, oldValidDev, type DeviceNumber } from './device.js';
export { bytesToName, nameToBytes, nameToText, textToName, truncateName } from './name.js';
export { concatBytes, equalBytes, isZero } from './bytes.js';
export { crc32 } from './crc32.js';
export {
  CramfsError,
  InvariantError,
  ValueRangeError,
  invariant,
  isCramfsError,
  withPath,
  type CramfsErrorCode,
  type CramfsErrorDetails,
} from './errors.js';
export { fileTypeName, plural } from './words.js';

export { AOUT_HEADER, AOUT_HEADER_SIZE, parseAout, type AoutHeader } from './aout.js';
export { copyRelocations, definedData, type ElfDataSymbol } from './copies.js';
export {
  DF_1_NODEFLIB,
  forEachRelocation,
  parseDynamic,
  type ElfDynamic,
  type RelocationTable,
  type VirtualRange,
} from './dynamic.js';
export {
  PF_R,
  PF_W,
  PF_X,
  PT_DYNAMIC,
  PT_GNU_PROPERTY,
  PT_GNU_RELRO,
  PT_GNU_STACK,
  PT_INTERP,
  PT_LOAD,
  PT_TLS,
  elfFileOf,
  identLayout,
  isElf,
  parseElf,
  type ElfFile,
  type ElfSegment,
  type ElfType,
  type ReadVirtual,
} from './elf.js';
export { isFdpic } from './fdpic.js';
export {
  FLAT_FLAG_GOTPIC,
  FLAT_FLAG_GZDATA,
  FLAT_FLAG_GZIP,
  FLAT_FLAG_KTRACE,
  FLAT_FLAG_RAM,
  FLAT_HEADER,
  FLAT_HEADER_SIZE,
  FLAT_VERSION,
  OLD_FLAT_VERSION,
  isFlat,
  mapsFlatText,
  MAX_FLAT_LENGTH,
  flatLengths,
  parseFlat,
  type FlatHeader,
} from './flat.js';
export { inflateFlat, type FlatGzipFault } from './flat-gzip.js';
export {
  nommuProgram,
  type NommuHazard,
  type NommuPart,
  type NommuProgram,
  type PageSpan,
  type ProgramFile,
} from './nommu.js';
export { isLoadable, loadSegments, readOnlySegments } from './segments.js';
export {
  DYNAMIC_ENTRY,
  EI_CLASS,
  EI_DATA,
  EI_OSABI,
  ELF_HEADER,
  PROGRAM_HEADER,
  decodeElfHeader,
  decodeProgramHeaders,
  elfHeaderSize,
  programHeaderSize,
  type ElfHeader,
  type ElfLayout,
  type ProgramHeader,
} from './headers.js';
export {
  EM_386,
  EM_486,
  EM_MIPS,
  EM_PPC,
  EM_PPC64,
  EM_ARM,
  EM_SH,
  EM_X86_64,
  EM_XTENSA,
  EM_AARCH64,
  EM_RISCV,
} from './machines.js';

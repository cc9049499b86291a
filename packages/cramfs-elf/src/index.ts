export { AOUT_HEADER_SIZE, parseAout, type AoutHeader } from './aout.js';
export {
  DF_1_NODEFLIB,
  forEachRelocation,
  parseDynamic,
  type ElfDynamic,
  type ReadVirtual,
  type RelocationTable,
  type VirtualRange,
} from './dynamic.js';
export {
  PF_R,
  PF_W,
  PF_X,
  PT_DYNAMIC,
  PT_GNU_RELRO,
  PT_GNU_STACK,
  PT_INTERP,
  PT_LOAD,
  isElf,
  parseElf,
  type ElfFile,
  type ElfSegment,
  type ElfType,
} from './elf.js';
export { isFdpic } from './fdpic.js';
export { isLoadable, loadSegments, readOnlySegments } from './segments.js';

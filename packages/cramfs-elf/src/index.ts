export {
  PF_R,
  PF_W,
  PF_X,
  PT_INTERP,
  PT_LOAD,
  isElf,
  parseElf,
  type ElfFile,
  type ElfSegment,
  type ElfType,
} from './elf.js';
export { isLoadable, loadSegments, readOnlySegments } from './segments.js';

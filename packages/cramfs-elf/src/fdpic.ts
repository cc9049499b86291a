import type { ElfFile } from './elf.js';
import { EM_ARM, EM_SH, EM_XTENSA } from './machines.js';

const ELFOSABI_ARM_FDPIC = 65;
const ELFOSABI_XTENSA_FDPIC = 65;
const EF_ARM_PIC = 0x20;
const EF_SH_PIC = 0x100;
const EF_SH_FDPIC = 0x8000;

/**
 * True for programs whose segments may be anywhere, each on its own: those of the FDPIC ABIs, unless
 * they ask to keep their distances. Other machines have no such ABI in Linux 6.12. Compare
 * arch/.../include/asm/elf.h:elf_check_fdpic(), elf_check_const_displacement().
 */
export function isFdpic({
  machine,
  osAbi,
  flags,
}: Pick<ElfFile, 'machine' | 'osAbi' | 'flags'>): boolean {
  switch (machine) {
    case EM_ARM:
      return osAbi === ELFOSABI_ARM_FDPIC && (flags & EF_ARM_PIC) === 0;
    case EM_SH:
      return (flags & EF_SH_FDPIC) !== 0 && (flags & EF_SH_PIC) === 0;
    case EM_XTENSA:
      return osAbi === ELFOSABI_XTENSA_FDPIC;
    default:
      return false;
  }
}

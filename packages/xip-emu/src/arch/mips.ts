import { EM_MIPS } from 'cramfs-elf';
import type { Architecture } from './architecture.js';
import { noGateArea, vdsoMappings } from './architecture.js';
import { usualConfig } from './kernel-config.js';

/** arch/mips/include/asm/elf.h: ABIs of programs with 32-bit registers, or 64-bit ones. */
const EF_MIPS_ABI = 0x0000f000;
const EF_MIPS_ABI_O32 = 0x00001000;
const EF_MIPS_ABI2 = 0x00000020;
/** arch/mips/include/asm/processor.h:TASK_SIZE, TASK_SIZE64 */
const TASK_SIZE_32 = 0x80000000;
const TASK_SIZE_64 = 0x10000000000;

function mips32(name: 'mips' | 'mipsel', endianness: 'big' | 'little'): Architecture {
  return {
    name,
    endianness,
    pointerSize: 4,
    pageSizes: [4096, 16384, 65536],
    defaults: (mmu) => usualConfig(mmu),
    elf: {
      elfClass: 32,
      machines: [EM_MIPS],
      checksClass: true,
      // elf32_check_arch(): o32 only, not n32.
      accepts: ({ flags }) =>
        (flags & EF_MIPS_ABI2) === 0 &&
        ((flags & EF_MIPS_ABI) === 0 || (flags & EF_MIPS_ABI) === EF_MIPS_ABI_O32),
      // arch/mips/kernel/elf.c:mips_elf_read_implies_exec(), without RIXI.
      noStackHeaderImpliesExec: true,
      // arch/mips/include/asm/asm.h:ALMASK
      stringsAlign: 8,
      auxvEntries: 22,
    },
    flat: { exists: false, stackAlign: 8, gotHeader: false },
    limits: (_config, pageSize) => ({
      taskSize: TASK_SIZE_32,
      stackTop: TASK_SIZE_32 - 4 * pageSize,
      etDynBase: Math.floor(TASK_SIZE_32 / 3) * 2,
      firstUserAddress: 0,
    }),
    specialMappings: (config) => vdsoMappings(config, 1, 1),
    gateArea: noGateArea,
    ptrsPerPte: (_config, pageSize) => pageSize / 4,
    pageTableLevels: () => 2,
    recorded: () => false,
  };
}

function mips64Of(name: 'mips64' | 'mips64el', endianness: 'big' | 'little'): Architecture {
  return {
    ...mips32('mips', endianness),
    name,
    pointerSize: 8,
    elf: {
      elfClass: 64,
      machines: [EM_MIPS],
      checksClass: true,
      noStackHeaderImpliesExec: true,
      auxvEntries: 22,
    },
    limits: (_config, pageSize) => ({
      taskSize: TASK_SIZE_64,
      stackTop: TASK_SIZE_64 - 4 * pageSize,
      etDynBase: Math.floor(TASK_SIZE_64 / 3) * 2,
      firstUserAddress: 0,
    }),
    ptrsPerPte: (_config, pageSize) => pageSize / 8,
    pageTableLevels: () => 3,
  };
}

/** arch/mips, 32 and 64 bits, both byte orders. */
export const mips = mips32('mips', 'big');
export const mipsel = mips32('mipsel', 'little');
export const mips64 = mips64Of('mips64', 'big');
export const mips64el = mips64Of('mips64el', 'little');

import { EM_386, EM_486, EM_X86_64 } from 'cramfs-elf';
import type { Architecture } from './architecture.js';
import { alignUp, limitsBelowKernel, noGateArea, vdsoMappings } from './architecture.js';
import { usualConfig } from './kernel-config.js';

/** arch/x86 with CONFIG_X86_32, without PAE. */
export const i386: Architecture = {
  name: 'i386',
  endianness: 'little',
  pointerSize: 4,
  pageSizes: [4096],
  defaults: (mmu) => usualConfig(mmu),
  elf: {
    elfClass: 32,
    machines: [EM_386, EM_486],
    noStackHeaderImpliesExec: true,
    auxvEntries: 24,
    platform: 'i686',
  },
  flat: { exists: false, stackAlign: 8, gotHeader: false },
  // arch/x86/include/asm/page_32_types.h:TASK_SIZE
  limits: (config, pageSize) =>
    limitsBelowKernel(config, alignUp(config.PAGE_OFFSET / 3, pageSize)),
  specialMappings: (config) => vdsoMappings(config, 4, 2),
  gateArea: noGateArea,
  ptrsPerPte: (_config, pageSize) => pageSize / 4,
  pageTableLevels: () => 2,
  recorded: () => false,
};

/** arch/x86 with CONFIG_X86_64, four levels of page tables, programs of 64 bits. */
export const x86_64: Architecture = {
  ...i386,
  name: 'x86_64',
  pointerSize: 8,
  elf: {
    elfClass: 64,
    machines: [EM_X86_64],
    noStackHeaderImpliesExec: false,
    auxvEntries: 24,
    platform: 'x86_64',
  },
  // arch/x86/include/asm/page_64_types.h:DEFAULT_MAP_WINDOW
  limits: (_config, pageSize) => {
    const taskSize = 2 ** 47 - pageSize;
    const etDynBase = Math.floor(taskSize / 3) * 2;
    const unmappedBase = alignUp(taskSize / 3, pageSize);
    return { taskSize, stackTop: taskSize, etDynBase, firstUserAddress: 0, unmappedBase };
  },
  ptrsPerPte: (_config, pageSize) => pageSize / 8,
  pageTableLevels: () => 4,
};

import { EM_PPC, EM_PPC64 } from 'cramfs-elf';
import type { Architecture } from './architecture.js';
import { limitsBelowKernel, noGateArea, vdsoMappings } from './architecture.js';
import { usualConfig } from './kernel-config.js';

/** arch/powerpc/include/asm/task_size_64.h: DEFAULT_MAP_WINDOW_USER64 by page size. */
const MAP_WINDOW_64K = 2 ** 47;
const MAP_WINDOW_4K = 2 ** 46;
/** arch/powerpc/Kconfig:ARCH_FORCE_MAX_ORDER by page size; 10 with pages of 4 KiB. */
const MAX_ORDER_32: Readonly<Record<number, number>> = { 16384: 8, 65536: 6 };

/** arch/powerpc, 32 bits; TASK_SIZE is CONFIG_TASK_SIZE, by default where the kernel starts. */
export const powerpc: Architecture = {
  name: 'powerpc',
  endianness: 'big',
  pointerSize: 4,
  pageSizes: [4096, 16384, 65536],
  defaults: (mmu, pageSize) =>
    usualConfig(mmu, { ARCH_FORCE_MAX_ORDER: MAX_ORDER_32[pageSize] ?? 10 }),
  elf: {
    elfClass: 32,
    machines: [EM_PPC],
    noStackHeaderImpliesExec: true,
    auxvEntries: 38,
    platform: 'ppc',
  },
  flat: { exists: false, stackAlign: 8, gotHeader: false },
  limits: (config) => limitsBelowKernel(config, (config.PAGE_OFFSET / 8) * 3),
  specialMappings: (config) => vdsoMappings(config, 2, 2),
  gateArea: noGateArea,
  ptrsPerPte: (_config, pageSize) => pageSize / 4,
  pageTableLevels: () => 2,
  recorded: () => false,
};

function powerpc64Of(
  name: 'powerpc64' | 'powerpc64le',
  endianness: 'big' | 'little',
): Architecture {
  return {
    ...powerpc,
    name,
    endianness,
    pointerSize: 8,
    defaults: (mmu, pageSize) =>
      usualConfig(mmu, { ARCH_FORCE_MAX_ORDER: pageSize === 65536 ? 8 : 12 }),
    elf: {
      elfClass: 64,
      machines: [EM_PPC64],
      noStackHeaderImpliesExec: false,
      auxvEntries: 38,
      platform: 'power8',
    },
    limits: (_config, pageSize) => {
      const taskSize = pageSize === 65536 ? MAP_WINDOW_64K : MAP_WINDOW_4K;
      return {
        taskSize,
        stackTop: taskSize,
        etDynBase: 0x100000000,
        firstUserAddress: 0,
        unmappedBase: taskSize / 4,
      };
    },
    ptrsPerPte: (_config, pageSize) => (pageSize === 65536 ? 256 : pageSize / 8),
    pageTableLevels: () => 4,
  };
}

/** arch/powerpc, 64 bits, both byte orders. */
export const powerpc64 = powerpc64Of('powerpc64', 'big');
export const powerpc64le = powerpc64Of('powerpc64le', 'little');

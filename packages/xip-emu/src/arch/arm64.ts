import { EM_AARCH64 } from 'cramfs-elf';
import type { Architecture } from './architecture.js';
import { alignUp, noGateArea, vdsoMappings } from './architecture.js';
import { usualConfig } from './kernel-config.js';

/** The vdso's code and data, in one or two pages. */
const VDSO_BYTES = 8192;
/** arch/arm64/Kconfig:ARCH_FORCE_MAX_ORDER by page size; 10 with pages of 4 KiB. */
const MAX_ORDER: Readonly<Record<number, number>> = { 16384: 11, 65536: 13 };

/** arch/arm64 with programs of 64 bits. */
export const arm64: Architecture = {
  name: 'arm64',
  endianness: 'little',
  pointerSize: 8,
  pageSizes: [4096, 16384, 65536],
  defaults: (mmu, pageSize) =>
    usualConfig(mmu, { ARM64_VA_BITS: 47, ARCH_FORCE_MAX_ORDER: MAX_ORDER[pageSize] ?? 10 }),
  elf: {
    elfClass: 64,
    machines: [EM_AARCH64],
    noStackHeaderImpliesExec: false,
    auxvEntries: 23,
    parsesGnuProperty: true,
    platform: 'aarch64',
  },
  flat: { exists: false, stackAlign: 8, gotHeader: false },
  limits: ({ ARM64_VA_BITS }, pageSize) => {
    // arch/arm64/include/asm/processor.h:DEFAULT_MAP_WINDOW_64
    const taskSize = 2 ** Math.min(ARM64_VA_BITS, 48);
    const etDynBase = Math.floor((2 * taskSize) / 3);
    const unmappedBase = alignUp(taskSize / 4, pageSize);
    return { taskSize, stackTop: taskSize, etDynBase, firstUserAddress: 0, unmappedBase };
  },
  specialMappings: (config, pageSize) =>
    vdsoMappings(config, 2, Math.max(1, VDSO_BYTES / pageSize)),
  gateArea: noGateArea,
  ptrsPerPte: (_config, pageSize) => pageSize / 8,
  pageTableLevels: ({ ARM64_VA_BITS }, pageSize) => {
    const shift = Math.log2(pageSize);
    return Math.ceil((Math.min(ARM64_VA_BITS, 48) - shift) / (shift - 3));
  },
  recorded: (mmu, pageSize) => mmu && pageSize > 4096,
};

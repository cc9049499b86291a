import { EM_RISCV } from 'cramfs-elf';
import type { Architecture } from './architecture.js';
import { alignUp, noGateArea, vdsoMappings } from './architecture.js';
import { usualConfig } from './kernel-config.js';

const SV39 = 39;
const SV48 = 48;
/** FIXADDR_START for Sv32: arch/riscv/include/asm/pgtable.h, with PAGE_OFFSET 0xc0000000. */
const SV32_TASK_SIZE = 0x9c800000;

/** Bits of AT_HWCAP are letters of the ISA: I, M, A, F, D and C. Compare arch/riscv/include/uapi/asm/hwcap.h. */
const HWCAP = 'I M A F D C'
  .split(' ')
  .reduce((bits, letter) => bits | (1 << (letter.charCodeAt(0) - 65)), 0);

const AT_SYSINFO_EHDR = 33;
/** AT_L1I_CACHESIZE: the first of eight entries about caches, all unknown here. */
const AT_L1I_CACHESIZE = 40;
const CACHE_ENTRIES = 8;
const AT_MINSIGSTKSZ = 51;

/**
 * ARCH_DLINFO: arch/riscv/include/asm/elf.h. Where [vdso] is comes from the process.
 *
 * @param frame sizeof(struct rt_sigframe)
 */
function archAuxv(frame: number): [type: number, value: number][] {
  const caches = Array.from({ length: CACHE_ENTRIES }, (_, index): [number, number] => [
    AT_L1I_CACHESIZE + index,
    0,
  ]);
  return [[AT_SYSINFO_EHDR, 0], ...caches, [AT_MINSIGSTKSZ, frame]];
}

const FRAME_64 = 1088;
const FRAME_32 = 944;

/** arch/riscv with CONFIG_64BIT: Sv39, Sv48 or Sv57, as VA_BITS says. */
export const riscv64: Architecture = {
  name: 'riscv64',
  endianness: 'little',
  pointerSize: 8,
  pageSizes: [4096],
  defaults: (mmu) => usualConfig(mmu, { BINFMT_FLAT_NO_DATA_START_OFFSET: !mmu, VA_BITS: SV39 }),
  elf: {
    elfClass: 64,
    machines: [EM_RISCV],
    checksClass: true,
    noStackHeaderImpliesExec: false,
    auxvEntries: 29,
    fdpicAuxvEntries: 10,
    hwcap: HWCAP,
    archAuxv: archAuxv(FRAME_64),
    fdpicArchAuxv: archAuxv(FRAME_64),
  },
  // ARCH_SLAB_MINALIGN: arch/riscv/include/asm/cache.h.
  flat: { exists: true, stackAlign: 16, gotHeader: true },
  limits: ({ VA_BITS }, pageSize) => {
    // arch/riscv/include/asm/processor.h:DEFAULT_MAP_WINDOW
    const window = 2 ** (Math.min(VA_BITS, SV48) - 1);
    return {
      taskSize: 2 ** (VA_BITS - 1),
      stackTop: window,
      etDynBase: Math.floor(window / 3) * 2,
      firstUserAddress: 0,
      // MMAP_MIN_VA_BITS
      unmappedBase: alignUp(2 ** SV39 / 3, pageSize),
    };
  },
  specialMappings: (config) => vdsoMappings(config, 2, 1),
  gateArea: noGateArea,
  ptrsPerPte: (_config, pageSize) => pageSize / 8,
  pageTableLevels: ({ VA_BITS }) => Math.ceil((VA_BITS - 12) / 9),
  recorded: () => true,
};

/** arch/riscv with CONFIG_32BIT: Sv32. */
export const riscv32: Architecture = {
  ...riscv64,
  name: 'riscv32',
  pointerSize: 4,
  elf: {
    ...riscv64.elf,
    elfClass: 32,
    archAuxv: archAuxv(FRAME_32),
    fdpicArchAuxv: archAuxv(FRAME_32),
  },
  limits: (_config, pageSize) => ({
    taskSize: SV32_TASK_SIZE,
    stackTop: SV32_TASK_SIZE,
    etDynBase: Math.floor(SV32_TASK_SIZE / 3) * 2,
    firstUserAddress: 0,
    unmappedBase: alignUp(SV32_TASK_SIZE / 3, pageSize),
  }),
  ptrsPerPte: (_config, pageSize) => pageSize / 4,
  pageTableLevels: () => 2,
  recorded: () => false,
};

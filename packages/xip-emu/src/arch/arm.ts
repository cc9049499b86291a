import { EM_ARM, type ElfFile } from 'cramfs-elf';
import type { Architecture, SpecialMapping } from './architecture.js';
import { usualConfig, type KernelConfig } from './kernel-config.js';

/** arch/arm/include/asm/elf.h */
const EF_ARM_EABI_MASK = 0xff000000;
const EF_ARM_APCS_26 = 0x08;
const ELFOSABI_ARM_FDPIC = 65;
const SZ_16M = 0x1000000;
const VECTORS = 0xffff0000;

/**
 * AT_HWCAP: HALF, THUMB, FASTMULT, VFP, EDSP, VFPv3, VFPv3D16, TLS, VFPv4, IDIVA, IDIVT; no NEON, so that
 * glibc takes other functions. Compare arch/arm/include/uapi/asm/hwcap.h.
 */
const HWCAP = [1, 2, 4, 6, 7, 13, 14, 15, 16, 17, 18].reduce((bits, bit) => bits | (1 << bit), 0);
const AT_SYSINFO_EHDR = 33;

/** arch/arm: Armv7-A with an MMU, Armv7-M without. Compare the kernels multi_v7 and mps2. */
export const arm: Architecture = {
  name: 'arm',
  endianness: 'little',
  pointerSize: 4,
  pageSizes: [4096],
  defaults: (mmu) =>
    usualConfig(mmu, {
      BINFMT_ELF_FDPIC: true,
      BINFMT_ZFLAT: !mmu,
      BINFMT_FLAT_OLD: !mmu,
      BINFMT_FLAT_ARGVP_ENVP_ON_STACK: true,
      DEFAULT_MMAP_MIN_ADDR: mmu ? 4096 : 0,
    }),
  elf: {
    elfClass: 32,
    machines: [EM_ARM],
    accepts: checkArch,
    fdpicOsAbi: ELFOSABI_ARM_FDPIC,
    noStackHeaderImpliesExec: true,
    // include/asm-generic/exec.h
    stringsAlign: 1,
    auxvEntries: 22,
    fdpicAuxvEntries: 1,
    platform: 'v7l',
    hwcap: HWCAP,
    hwcap2: 0,
    archAuxv: [[AT_SYSINFO_EHDR, 0]],
  },
  // ARCH_SLAB_MINALIGN: arch/arm/include/asm/cache.h, CONFIG_AEABI.
  flat: { exists: true, stackAlign: 8, gotHeader: false },
  limits: ({ PAGE_OFFSET }, pageSize) => ({
    // arch/arm/include/asm/memory.h:TASK_SIZE
    taskSize: PAGE_OFFSET - SZ_16M,
    stackTop: PAGE_OFFSET - SZ_16M,
    etDynBase: 0x400000,
    firstUserAddress: 2 * pageSize,
  }),
  specialMappings,
  gateArea: ({ KUSER_HELPERS }, pageSize) =>
    KUSER_HELPERS ? { name: '[vectors]', start: VECTORS, end: VECTORS + pageSize } : undefined,
  // arch/arm/include/asm/shmparam.h:SHMLBA; arch/arm/mm/mmap.c.
  cacheColours: ({ CACHE_VIPT_ALIASING }) => (CACHE_VIPT_ALIASING ? 4 : 1),
  // Of two hardware tables with 256 entries: arch/arm/include/asm/pgtable-2level.h.
  ptrsPerPte: () => 512,
  pageTableLevels: ({ ARM_LPAE }) => (ARM_LPAE ? 3 : 2),
  recorded: () => true,
};

/** The same, big-endian (CONFIG_CPU_BIG_ENDIAN). */
export const armeb: Architecture = {
  ...arm,
  name: 'armeb',
  endianness: 'big',
  recorded: () => false,
};

/** Compare arch/arm/kernel/elf.c:elf_check_arch(), for a processor with Thumb and VFP. */
function checkArch({ entry, flags }: ElfFile): boolean {
  if (entry % 2 === 0 && entry % 4 !== 0) return false;
  const isOldAbi = (flags & EF_ARM_EABI_MASK) === 0;
  return !isOldAbi || (flags & EF_ARM_APCS_26) === 0;
}

/** Compare arch/arm/kernel/process.c:arch_setup_additional_pages(), arch/arm/kernel/vdso.c. */
function specialMappings({ VDSO }: KernelConfig): SpecialMapping[] {
  const sigpage = { name: '[sigpage]', pages: 1, executable: true, pfnmap: false } as const;
  if (!VDSO) return [sigpage];
  return [
    sigpage,
    { name: '[vvar]', pages: 1, executable: false, pfnmap: false },
    { name: '[vdso]', pages: 1, executable: true, pfnmap: false },
  ];
}

import type { BlockSize } from 'cramfs-format';
import type { ElfFile } from 'cramfs-elf';
import type { Address } from '../units.js';
import type { KernelConfig } from './kernel-config.js';

/** The architectures by name, as `uname -m` or arch/ call them. */
export type ArchitectureName =
  | 'riscv64'
  | 'riscv32'
  | 'arm'
  | 'armeb'
  | 'arm64'
  | 'mips'
  | 'mipsel'
  | 'mips64'
  | 'mips64el'
  | 'powerpc'
  | 'powerpc64'
  | 'powerpc64le'
  | 'i386'
  | 'x86_64';

/**
 * Where the parts of a process are, without randomization. In bytes; all but `etDynBase` are whole
 * pages.
 */
export interface AddressSpaceLimits {
  /** TASK_SIZE, or DEFAULT_MAP_WINDOW where that is smaller: the end of what mmap(2) gives. */
  readonly taskSize: Address;
  /** STACK_TOP */
  readonly stackTop: Address;
  /**
   * ELF_ET_DYN_BASE: where a position-independent program with an interpreter goes, and the heap of
   * one without.
   */
  readonly etDynBase: Address;
  /** FIRST_USER_ADDRESS: nothing can be mapped below. */
  readonly firstUserAddress: Address;
  /**
   * TASK_UNMAPPED_BASE: where the search upwards starts, once nothing is free below mmap_base.
   * Undefined: at mmap_base.
   */
  readonly unmappedBase?: Address;
}

/** Pages that the kernel itself gives each program. Compare mm/mmap.c:_install_special_mapping(). */
export interface SpecialMapping {
  /** The name in /proc/PID/maps. */
  readonly name: '[vdso]' | '[vvar]' | '[sigpage]';
  readonly pages: number;
  /** Code, which a debugger may write to. */
  readonly executable: boolean;
  /** Mapped by pfn (VM_PFNMAP), so that its pages count nowhere. */
  readonly pfnmap: boolean;
}

/** Listed after all areas, without being one: include/linux/mm.h:get_gate_vma(). */
export interface GateArea {
  readonly name: string;
  readonly start: Address;
  readonly end: Address;
}

/** What fs/binfmt_flat.c does on the architecture; sizes are in bytes. */
export interface FlatRules {
  /** ARCH_HAS_BINFMT_FLAT: its kernels can have bFLT programs. */
  readonly exists: boolean;
  /** FLAT_STACK_ALIGN */
  readonly stackAlign: number;
  /** Words that the linker leaves at the start of a GOT: skip_got_header(). */
  readonly gotHeader: boolean;
}

/** What arch/.../include/asm/elf.h defines. */
export interface ElfRules {
  readonly elfClass: 32 | 64;
  /** e_machine of the programs that it runs. */
  readonly machines: readonly number[];
  /** elf_check_arch() looks at EI_CLASS; most do not. */
  readonly checksClass?: boolean;
  /** elf_check_arch() beyond e_machine: flags, entry. Undefined: anything goes. */
  readonly accepts?: (elf: ElfFile) => boolean;
  /** elf_check_fdpic(): e_ident[EI_OSABI] of FDPIC programs. Undefined: there are none. */
  readonly fdpicOsAbi?: number;
  /** elf_read_implies_exec() for a program without PT_GNU_STACK. */
  readonly noStackHeaderImpliesExec: boolean;
  /** CONFIG_ARCH_USE_GNU_PROPERTY: a PT_GNU_PROPERTY that is not well formed is an error. */
  readonly parsesGnuProperty?: boolean;
  /** To what arch_align_stack() rounds the place below the strings, with an MMU; default 16. */
  readonly stringsAlign?: number;
  /** Entries of the auxiliary vector, AT_NULL included. */
  readonly auxvEntries: number;
  /**
   * What fs/binfmt_elf_fdpic.c adds on this architecture: AT_VECTOR_SIZE_ARCH, and AT_HWCAP2.
   * Undefined: nothing.
   */
  readonly fdpicAuxvEntries?: number;
  /** AT_HWCAP, AT_HWCAP2 of the processor that is emulated; undefined where none runs programs. */
  readonly hwcap?: number;
  readonly hwcap2?: number;
  /** ARCH_DLINFO: entries that come before all others, with an MMU. */
  readonly archAuxv?: readonly (readonly [type: number, value: number])[];
  /** The same where fs/binfmt_elf_fdpic.c has them, too. */
  readonly fdpicArchAuxv?: readonly (readonly [type: number, value: number])[];
  /** What AT_PLATFORM points to; undefined: none. */
  readonly platform?: string;
}

/** A processor architecture as Linux 6.12 supports it: data, which the rest of the emulator reads. */
export interface Architecture {
  readonly name: ArchitectureName;
  readonly endianness: 'little' | 'big';
  /** sizeof(long), sizeof(void *) */
  readonly pointerSize: 4 | 8;
  readonly pageSizes: readonly BlockSize[];
  /** The recorded kernel's configuration, or a usual one. */
  readonly defaults: (mmu: boolean, pageSize: number) => KernelConfig;
  readonly elf: ElfRules;
  readonly flat: FlatRules;
  readonly limits: (config: KernelConfig, pageSize: number) => AddressSpaceLimits;
  /** The special mappings, from low to high addresses. */
  readonly specialMappings: (config: KernelConfig, pageSize: number) => readonly SpecialMapping[];
  readonly gateArea: (config: KernelConfig, pageSize: number) => GateArea | undefined;
  /**
   * SHMLBA in pages, where the processor's cache aliases: a page of a file has the same place in
   * the cache wherever it is mapped. Undefined: the cache does not alias.
   */
  readonly cacheColours?: (config: KernelConfig) => number;
  /** PTRS_PER_PTE: entries of a page table of the lowest level. */
  readonly ptrsPerPte: (config: KernelConfig, pageSize: number) => number;
  /** Pages of page tables above the lowest level that a process has at least, its pgd included. */
  readonly pageTableLevels: (config: KernelConfig, pageSize: number) => number;
  /** True if a kernel of this kind was run and its addresses compared. */
  readonly recorded: (mmu: boolean, pageSize: number) => boolean;
}

/** 32-bit addresses; those from PAGE_OFFSET on are the kernel's. */
export function limitsBelowKernel(
  { PAGE_OFFSET }: KernelConfig,
  unmappedBase: Address,
): AddressSpaceLimits {
  return {
    taskSize: PAGE_OFFSET,
    stackTop: PAGE_OFFSET,
    etDynBase: 0x400000,
    firstUserAddress: 0,
    unmappedBase,
  };
}

export const noGateArea = (): undefined => undefined;

/** A vdso with its data below it. */
export function vdsoMappings(
  { VDSO }: KernelConfig,
  vvarPages: number,
  vdsoPages: number,
): SpecialMapping[] {
  if (!VDSO) return [];
  return [
    { name: '[vvar]', pages: vvarPages, executable: false, pfnmap: true },
    { name: '[vdso]', pages: vdsoPages, executable: true, pfnmap: false },
  ];
}

export function alignUp(address: Address, to: number): Address {
  return Math.ceil(address / to) * to;
}

import type { ElfFile } from 'cramfs-elf';
import type { Address, PageGeometry, Vpn } from '../units.js';
import { armeb, arm } from './arm.js';
import { arm64 } from './arm64.js';
import type { Architecture, ArchitectureName, GateArea, SpecialMapping } from './architecture.js';
import type { KernelConfig } from './kernel-config.js';
import { mips, mips64, mips64el, mipsel } from './mips.js';
import { powerpc, powerpc64, powerpc64le } from './powerpc.js';
import { riscv32, riscv64 } from './riscv.js';
import { i386, x86_64 } from './x86.js';

/** All architectures by name. */
export const ARCHITECTURES: Readonly<Record<ArchitectureName, Architecture>> = {
  riscv64,
  riscv32,
  arm,
  armeb,
  arm64,
  mips,
  mipsel,
  mips64,
  mips64el,
  powerpc,
  powerpc64,
  powerpc64le,
  i386,
  x86_64,
};

/** MIN_GAP of mm/util.c:mmap_base(): the room kept free for the stack. */
const MIN_STACK_GAP = 0x8000000;

/** What a kernel was built for: an architecture, with or without an MMU, and a configuration. */
export interface KernelBuild {
  readonly arch: Architecture;
  readonly mmu: boolean;
  readonly config: KernelConfig;
  /** Its page size. */
  readonly geometry: PageGeometry;
  readonly taskSize: Vpn;
  readonly stackTop: Vpn;
  /** Where mmap(2) searches from, downwards: mm/util.c:mmap_base(), RLIMIT_STACK 8 MiB. */
  readonly mmapBase: Vpn;
  /** Where it searches from, upwards, when nothing is free below that. */
  readonly unmappedBase: Vpn;
  /** Pages that the cache tells apart by their virtual address; 1 if it does not. */
  readonly cacheColours: number;
  readonly etDynBase: Address;
  readonly firstUserVpn: Vpn;
  readonly specialMappings: readonly SpecialMapping[];
  readonly gateArea: GateArea | undefined;
  readonly ptrsPerPte: number;
  /** Levels of its page tables, the pgd included; 0 without an MMU. */
  readonly pageTableLevels: number;
  /** False: no such kernel was run, and the addresses come from its source. */
  readonly recorded: boolean;
}

/** @param changes what differs from the architecture's defaults. */
export function kernelBuild(
  arch: Architecture,
  mmu: boolean,
  geometry: PageGeometry,
  changes: Partial<KernelConfig> = {},
): KernelBuild {
  const { size: pageSize } = geometry;
  const config = { ...arch.defaults(mmu, pageSize), ...changes };
  const limits = arch.limits(config, pageSize);
  const stackTop = geometry.pageOf(limits.stackTop);
  const mmapBase = stackTop - MIN_STACK_GAP / pageSize;
  const { unmappedBase } = limits;
  return {
    arch,
    mmu,
    config,
    geometry,
    taskSize: geometry.pageOf(limits.taskSize),
    stackTop,
    mmapBase,
    unmappedBase: unmappedBase === undefined ? mmapBase : geometry.pageOf(unmappedBase),
    cacheColours: arch.cacheColours?.(config) ?? 1,
    etDynBase: limits.etDynBase,
    firstUserVpn: geometry.pageOf(limits.firstUserAddress),
    specialMappings: arch.specialMappings(config, pageSize),
    gateArea: mmu ? arch.gateArea(config, pageSize) : undefined,
    ptrsPerPte: arch.ptrsPerPte(config, pageSize),
    pageTableLevels: mmu ? arch.pageTableLevels(config, pageSize) : 0,
    recorded: arch.pageSizes.some((size) => size === pageSize) && arch.recorded(mmu, pageSize),
  };
}

/** elf_check_arch(): whether a kernel takes a program for one of its architecture. */
export function elfCheckArch({ elf: rules }: Architecture, elf: ElfFile): boolean {
  return rules.machines.includes(elf.machine) && (rules.accepts?.(elf) ?? true);
}

/** The architecture that an ELF file is for, by class, byte order and e_machine. */
export function architectureOf(elf: ElfFile): Architecture | undefined {
  return Object.values(ARCHITECTURES).find(
    ({ endianness, elf: rules }) =>
      rules.elfClass === elf.elfClass &&
      endianness === elf.endianness &&
      rules.machines.includes(elf.machine),
  );
}

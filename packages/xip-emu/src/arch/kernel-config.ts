import type { Address } from '../units.js';

/** The options of a kernel's .config that the emulator depends on, without their CONFIG_. */
export interface KernelConfig {
  /** Binary loaders. */
  readonly BINFMT_ELF_FDPIC: boolean;
  readonly BINFMT_FLAT: boolean;
  /** Compressed bFLT. */
  readonly BINFMT_ZFLAT: boolean;
  /** bFLT of version 2. */
  readonly BINFMT_FLAT_OLD: boolean;
  readonly BINFMT_FLAT_OLD_ALWAYS_RAM: boolean;
  readonly BINFMT_FLAT_ARGVP_ENVP_ON_STACK: boolean;
  /** The data of a bFLT starts at the start of its block. */
  readonly BINFMT_FLAT_NO_DATA_START_OFFSET: boolean;
  /** vm.nr_trim_pages: excess pages of an allocation from which on they are given back; 0 = never. */
  readonly NOMMU_INITIAL_TRIM_EXCESS: number;
  /** MAX_PAGE_ORDER: the page allocator gives at most 2^MAX_PAGE_ORDER contiguous pages. */
  readonly ARCH_FORCE_MAX_ORDER: number;
  /** vm.mmap_min_addr */
  readonly DEFAULT_MMAP_MIN_ADDR: Address;
  /** The kernel's own part of the address space starts here (32 bits). */
  readonly PAGE_OFFSET: Address;
  /** Bits of an address: 39, 48 or 57, set by the processor or the option no4lvl (riscv64). */
  readonly VA_BITS: number;
  /** Bits of a user address (arm64). */
  readonly ARM64_VA_BITS: number;
  /** The data cache finds its lines by virtual address, and aliases, like ARM11's (arm). */
  readonly CACHE_VIPT_ALIASING: boolean;
  /** The long page-table format (arm). */
  readonly ARM_LPAE: boolean;
  /** The heap of a static PIE follows its data, instead of starting where other PIEs are loaded. */
  readonly COMPAT_BRK: boolean;
  readonly VDSO: boolean;
  /** [vectors] (arm). */
  readonly KUSER_HELPERS: boolean;
}

export type ConfigKey = keyof KernelConfig;

/** Without an MMU, a kernel with all that Linux offers for programs; with one, the usual kernel. */
export function usualConfig(mmu: boolean, changes: Partial<KernelConfig> = {}): KernelConfig {
  return {
    BINFMT_ELF_FDPIC: !mmu,
    BINFMT_FLAT: !mmu,
    BINFMT_ZFLAT: false,
    BINFMT_FLAT_OLD: false,
    BINFMT_FLAT_OLD_ALWAYS_RAM: false,
    BINFMT_FLAT_ARGVP_ENVP_ON_STACK: false,
    BINFMT_FLAT_NO_DATA_START_OFFSET: false,
    NOMMU_INITIAL_TRIM_EXCESS: 1,
    ARCH_FORCE_MAX_ORDER: 10,
    DEFAULT_MMAP_MIN_ADDR: 65536,
    PAGE_OFFSET: 0xc0000000,
    VA_BITS: 48,
    ARM64_VA_BITS: 48,
    CACHE_VIPT_ALIASING: false,
    ARM_LPAE: false,
    COMPAT_BRK: false,
    VDSO: mmu,
    KUSER_HELPERS: true,
    ...changes,
  };
}

const KEYS = Object.keys(usualConfig(true)) as ConfigKey[];

/**
 * Parses `KEY=VALUE`, a line of a .config with or without CONFIG_; the value is y, n or a number.
 *
 * @returns undefined if there is no such key; an empty object if the key does not take such a
 * value.
 */
export function parseConfigLine(line: string): Partial<KernelConfig> | undefined {
  const [, name = '', value = ''] = /^(?:CONFIG_)?([A-Z0-9_]+)=(.*)$/.exec(line) ?? [];
  const key = KEYS.find((candidate) => candidate === name);
  if (key === undefined) return undefined;
  if (typeof usualConfig(true)[key] === 'boolean') {
    return value === 'y' || value === 'n' ? { [key]: value === 'y' } : {};
  }
  return /^(0x[0-9a-f]+|\d+)$/i.test(value) ? { [key]: Number(value) } : {};
}

/** All keys, for messages. */
export function configKeys(): readonly ConfigKey[] {
  return KEYS;
}

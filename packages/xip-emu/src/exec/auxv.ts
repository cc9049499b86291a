import type { Architecture } from '../arch/architecture.js';
import type { Address } from '../units.js';

// include/uapi/linux/auxvec.h
const AT_NULL = 0;
const AT_PHDR = 3;
const AT_PHENT = 4;
const AT_PHNUM = 5;
const AT_PAGESZ = 6;
const AT_BASE = 7;
const AT_FLAGS = 8;
const AT_ENTRY = 9;
const AT_UID = 11;
const AT_EUID = 12;
const AT_GID = 13;
const AT_EGID = 14;
const AT_PLATFORM = 15;
const AT_HWCAP = 16;
const AT_CLKTCK = 17;
const AT_SECURE = 23;
const AT_RANDOM = 25;
const AT_HWCAP2 = 26;
const AT_RSEQ_FEATURE_SIZE = 27;
const AT_RSEQ_ALIGN = 28;
const AT_EXECFN = 31;

const AT_SYSINFO_EHDR = 33;

const USER_HZ = 100;
/** offsetof(struct rseq, end), __alignof__(struct rseq) */
const RSEQ_FEATURE_SIZE = 28;
const RSEQ_ALIGN = 32;

/** Where a loader has put what the auxiliary vector points to. */
export interface LoadedAddresses {
  /** The program headers in memory. */
  readonly phdr: Address;
  readonly phent: number;
  readonly phnum: number;
  /**
   * Where address 0 of the interpreter is, or the ELF header of an FDPIC one; 0 without an
   * interpreter.
   */
  readonly base: Address;
  /** AT_SYSINFO_EHDR: [vdso] if it has content, else 0. */
  readonly vdso: Address;
  /** The program's own first instruction. */
  readonly entry: Address;
}

/** The other places on the stack that it points to. */
export interface AuxStrings {
  readonly execfn: Address;
  /** AT_PLATFORM, if the architecture has one. */
  readonly platform: Address;
  /** AT_RANDOM: 16 bytes. */
  readonly random: Address;
}

type Entry = readonly [type: number, value: number];

/** The auxiliary vector of fs/binfmt_elf.c:create_elf_tables(), AT_NULL included, in words. */
export function auxiliaryVector(
  arch: Architecture,
  pageSize: number,
  loaded: LoadedAddresses,
  strings: AuxStrings,
): number[] {
  const { hwcap2 } = arch.elf;
  return vector(arch.elf.auxvEntries, [
    ...(arch.elf.archAuxv ?? []).map(([type, value]): Entry => [
      type,
      type === AT_SYSINFO_EHDR ? loaded.vdso : value,
    ]),
    [AT_HWCAP, arch.elf.hwcap ?? 0],
    ...commonEntries(pageSize, loaded),
    [AT_RANDOM, strings.random],
    ...(hwcap2 === undefined ? [] : [[AT_HWCAP2, hwcap2] as const]),
    [AT_EXECFN, strings.execfn],
    ...platformEntry(arch, strings),
    [AT_RSEQ_FEATURE_SIZE, RSEQ_FEATURE_SIZE],
    [AT_RSEQ_ALIGN, RSEQ_ALIGN],
  ]);
}

/**
 * The auxiliary vector of fs/binfmt_elf_fdpic.c:create_elf_fdpic_tables().
 *
 * @param entries how many there is room for, AT_NULL included.
 */
export function fdpicAuxiliaryVector(
  arch: Architecture,
  pageSize: number,
  loaded: LoadedAddresses,
  strings: Omit<AuxStrings, 'random'>,
  entries: number,
): number[] {
  const { hwcap2, fdpicArchAuxv = [] } = arch.elf;
  return vector(entries, [
    ...fdpicArchAuxv,
    [AT_HWCAP, arch.elf.hwcap ?? 0],
    ...(hwcap2 === undefined ? [] : [[AT_HWCAP2, hwcap2] as const]),
    ...commonEntries(pageSize, loaded),
    [AT_EXECFN, strings.execfn],
    ...platformEntry(arch, strings),
  ]);
}

function commonEntries(pageSize: number, loaded: LoadedAddresses): Entry[] {
  return [
    [AT_PAGESZ, pageSize],
    [AT_CLKTCK, USER_HZ],
    [AT_PHDR, loaded.phdr],
    [AT_PHENT, loaded.phent],
    [AT_PHNUM, loaded.phnum],
    [AT_BASE, loaded.base],
    [AT_FLAGS, 0],
    [AT_ENTRY, loaded.entry],
    [AT_UID, 0],
    [AT_EUID, 0],
    [AT_GID, 0],
    [AT_EGID, 0],
    [AT_SECURE, 0],
  ];
}

function platformEntry({ elf }: Architecture, { platform }: { platform: Address }): Entry[] {
  return elf.platform === undefined ? [] : [[AT_PLATFORM, platform]];
}

/** As many entries as there is room for; unknown ones are AT_NULL. */
function vector(entries: number, known: readonly Entry[]): number[] {
  const words = known.slice(0, entries - 1).flat();
  while (words.length < entries * 2) words.push(AT_NULL);
  return words;
}

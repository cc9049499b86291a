import {
  EI_CLASS,
  EI_OSABI,
  decodeElfHeader,
  elfFileOf,
  isElf,
  type ElfHeader,
  type ElfLayout,
} from 'cramfs-elf';
import type { Architecture } from '../arch/architecture.js';
import { elfCheckArch } from '../arch/kernel-build.js';

const ET_EXEC = 2;
const ET_DYN = 3;

/** What happens to an FDPIC program that a kernel with an MMU and a vdso has taken. */
export const FDPIC_WITH_MMU =
  'FDPIC with an MMU: BUG_ON() in fs/binfmt_elf_fdpic.c:create_elf_fdpic_tables()';

/** A header that has passed {@link checkElf}. */
export interface CheckedElf {
  readonly header: ElfHeader;
  readonly arch: Architecture;
  /** How the kernel reads the file, whatever its header says. */
  readonly layout: ElfLayout;
}

/** elf_check_fdpic(): whether a file is of the FDPIC ABI that the architecture has, if it has one. */
export function elfCheckFdpic(head: Uint8Array, { elf }: Architecture): boolean {
  return isElf(head) && elf.fdpicOsAbi !== undefined && head[EI_OSABI] === elf.fdpicOsAbi;
}

/** ET_EXEC or ET_DYN: what can be run. */
export function isExecutableType({ type }: ElfHeader): boolean {
  return type === ET_EXEC || type === ET_DYN;
}

/**
 * The first fields that ELF loaders check: magic, type and machine. EI_DATA, EI_VERSION
 * and e_version have no influence.
 *
 * @param head the file's first bytes, padded with zeros.
 * @returns undefined if no loader takes the file. Compare fs/binfmt_elf_fdpic.c:is_elf().
 */
export function checkElf(head: Uint8Array, arch: Architecture): CheckedElf | undefined {
  const checked = checkMachine(head, arch);
  return checked !== undefined && isExecutableType(checked.header) ? checked : undefined;
}

/** {@link checkElf} without the type, which an interpreter is asked for later. */
export function checkMachine(head: Uint8Array, arch: Architecture): CheckedElf | undefined {
  if (!isElf(head)) return undefined;
  const { elfClass, checksClass } = arch.elf;
  const layout = { elfClass, littleEndian: arch.endianness === 'little' };
  const header = decodeElfHeader(head, layout);
  if (checksClass && header.ident[EI_CLASS] !== (elfClass === 32 ? 1 : 2)) return undefined;
  if (!elfCheckArch(arch, elfFileOf(header, [], layout))) return undefined;
  return { header, arch, layout };
}

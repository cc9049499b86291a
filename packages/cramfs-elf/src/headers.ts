/**
 * struct elfhdr, struct elf_phdr and the dynamic entries of both classes (include/uapi/linux/elf.h), as a
 * kernel reads them: by its own class and byte order, and with every stored bit. `elf.ts` converts them to
 * what tools need.
 */

import {
  U16,
  U32,
  WORD32,
  WORD64,
  bytesField,
  decodeStructure,
  structure,
  type FieldKind,
  type StructureValues,
} from 'cramfs-format';

/** How a machine lays out the structures. */
export interface ElfLayout {
  readonly elfClass: 32 | 64;
  readonly littleEndian: boolean;
}

export const EI_CLASS = 4;
export const EI_DATA = 5;
export const EI_VERSION = 6;
export const EI_OSABI = 7;
export const EI_NIDENT = 16;

/** Elf32_Ehdr, Elf64_Ehdr. Addresses and offsets are bigints: all bits count. */
export const ELF_HEADER = {
  32: structure('Elf32_Ehdr', elfHeaderFields(WORD32)),
  64: structure('Elf64_Ehdr', elfHeaderFields(WORD64)),
} as const;
export type ElfHeader = StructureValues<(typeof ELF_HEADER)[32]['kinds']>;

/** Elf32_Phdr, Elf64_Phdr. */
export const PROGRAM_HEADER = {
  32: structure('Elf32_Phdr', {
    type: U32,
    offset: WORD32,
    vaddr: WORD32,
    paddr: WORD32,
    filesz: WORD32,
    memsz: WORD32,
    flags: U32,
    align: WORD32,
  }),
  64: structure('Elf64_Phdr', {
    type: U32,
    flags: U32,
    offset: WORD64,
    vaddr: WORD64,
    paddr: WORD64,
    filesz: WORD64,
    memsz: WORD64,
    align: WORD64,
  }),
} as const;
/** p_paddr is left out: nothing that runs programs uses it. */
export type ProgramHeader = Omit<StructureValues<(typeof PROGRAM_HEADER)[32]['kinds']>, 'paddr'>;

/** Elf32_Dyn, Elf64_Dyn. */
export const DYNAMIC_ENTRY = {
  32: structure('Elf32_Dyn', { tag: WORD32, value: WORD32 }),
  64: structure('Elf64_Dyn', { tag: WORD64, value: WORD64 }),
} as const;

/** Elf32_Verdef and Elf64_Verdef: a symbol version that an object defines. */
export const VERSION_DEFINITION = structure('Elf_Verdef', {
  version: U16,
  flags: U16,
  ndx: U16,
  cnt: U16,
  hash: U32,
  aux: U32,
  next: U32,
});

/** Elf32_Verneed and Elf64_Verneed: an object whose symbol versions are needed. */
export const VERSION_NEED = structure('Elf_Verneed', {
  version: U16,
  cnt: U16,
  file: U32,
  aux: U32,
  next: U32,
});

/** Elf32_Vernaux and Elf64_Vernaux: a symbol version that is needed. */
export const NEEDED_VERSION = structure('Elf_Vernaux', {
  hash: U32,
  flags: U16,
  other: U16,
  name: U32,
  next: U32,
});

function elfHeaderFields(word: FieldKind<'bigint'>) {
  return {
    ident: bytesField(EI_NIDENT),
    type: U16,
    machine: U16,
    version: U32,
    entry: word,
    phoff: word,
    shoff: word,
    flags: U32,
    ehsize: U16,
    phentsize: U16,
    phnum: U16,
    shentsize: U16,
    shnum: U16,
    shstrndx: U16,
  };
}

export function elfHeaderSize(elfClass: 32 | 64): number {
  return ELF_HEADER[elfClass].size;
}

/** What e_phentsize has to be. */
export function programHeaderSize(elfClass: 32 | 64): number {
  return PROGRAM_HEADER[elfClass].size;
}

/** @param bytes at least {@link elfHeaderSize} of them. */
export function decodeElfHeader(
  bytes: Uint8Array,
  { elfClass, littleEndian }: ElfLayout,
): ElfHeader {
  return decodeStructure(ELF_HEADER[elfClass], viewOf(bytes), 0, littleEndian);
}

/** @param bytes the table; an incomplete entry at its end is ignored. */
export function decodeProgramHeaders(
  bytes: Uint8Array,
  { elfClass, littleEndian }: ElfLayout,
): ProgramHeader[] {
  const table = PROGRAM_HEADER[elfClass];
  const view = viewOf(bytes);
  return Array.from({ length: Math.floor(bytes.length / table.size) }, (_, index) =>
    decodeStructure(table, view, index * table.size, littleEndian),
  );
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

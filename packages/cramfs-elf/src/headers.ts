/**
 * struct elfhdr and struct elf_phdr of both classes (include/uapi/linux/elf.h), as a kernel reads
 * them: by its own class and byte order, and with every bit of what is stored. `elf.ts` makes of
 * them what tools need.
 */

/** How a machine lays out the structures. */
export interface ElfLayout {
  readonly elfClass: 32 | 64;
  readonly littleEndian: boolean;
}

/** Elf32_Ehdr, Elf64_Ehdr. Fields of the machine's word size are bigints: all bits count. */
export interface ElfHeader {
  readonly ident: Uint8Array;
  readonly type: number;
  readonly machine: number;
  readonly entry: bigint;
  readonly phoff: bigint;
  readonly flags: number;
  readonly phentsize: number;
  readonly phnum: number;
}

/** Elf32_Phdr, Elf64_Phdr. */
export interface ProgramHeader {
  readonly type: number;
  readonly flags: number;
  readonly offset: bigint;
  readonly vaddr: bigint;
  readonly filesz: bigint;
  readonly memsz: bigint;
  readonly align: bigint;
}

export const EI_CLASS = 4;
export const EI_DATA = 5;
export const EI_OSABI = 7;
export const EI_NIDENT = 16;

/** Offsets of the fields by class. */
const HEADER = {
  32: { size: 52, entry: 24, phoff: 28, flags: 36, phentsize: 42, phnum: 44 },
  64: { size: 64, entry: 24, phoff: 32, flags: 48, phentsize: 54, phnum: 56 },
} as const;
const E_TYPE = 16;
const E_MACHINE = 18;
const PROGRAM_HEADER = {
  32: { size: 32, flags: 24, offset: 4, vaddr: 8, filesz: 16, memsz: 20, align: 28 },
  64: { size: 56, flags: 4, offset: 8, vaddr: 16, filesz: 32, memsz: 40, align: 48 },
} as const;

export function elfHeaderSize(elfClass: 32 | 64): number {
  return HEADER[elfClass].size;
}

/** What e_phentsize has to be. */
export function programHeaderSize(elfClass: 32 | 64): number {
  return PROGRAM_HEADER[elfClass].size;
}

/** @param bytes at least {@link elfHeaderSize} of them. */
export function decodeElfHeader(bytes: Uint8Array, layout: ElfLayout): ElfHeader {
  const at = HEADER[layout.elfClass];
  const { u16, u32, word } = fieldReader(bytes, layout);
  return {
    ident: bytes.subarray(0, EI_NIDENT),
    type: u16(E_TYPE),
    machine: u16(E_MACHINE),
    entry: word(at.entry),
    phoff: word(at.phoff),
    flags: u32(at.flags),
    phentsize: u16(at.phentsize),
    phnum: u16(at.phnum),
  };
}

/** @param bytes the table; what is left over at its end is not looked at. */
export function decodeProgramHeaders(bytes: Uint8Array, layout: ElfLayout): ProgramHeader[] {
  const at = PROGRAM_HEADER[layout.elfClass];
  return Array.from({ length: Math.floor(bytes.length / at.size) }, (_, index) => {
    const { u32, word } = fieldReader(bytes.subarray(index * at.size), layout);
    return {
      type: u32(0),
      flags: u32(at.flags),
      offset: word(at.offset),
      vaddr: word(at.vaddr),
      filesz: word(at.filesz),
      memsz: word(at.memsz),
      align: word(at.align),
    };
  });
}

function fieldReader(
  bytes: Uint8Array,
  { elfClass, littleEndian }: ElfLayout,
): Readonly<
  Record<'u16' | 'u32', (at: number) => number> & Record<'word', (at: number) => bigint>
> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u32 = (at: number): number => view.getUint32(at, littleEndian);
  return {
    u16: (at) => view.getUint16(at, littleEndian),
    u32,
    word: (at) => (elfClass === 32 ? BigInt(u32(at)) : view.getBigUint64(at, littleEndian)),
  };
}

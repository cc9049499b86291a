/**
 * ELF file and program headers (System V ABI, "ELF header" and "Program header"), both classes and
 * both byte orders. What the dynamic loader reads is in `dynamic.ts`.
 */

export const PT_LOAD = 1;
export const PT_DYNAMIC = 2;
export const PT_INTERP = 3;
export const PT_GNU_STACK = 0x6474e551;
export const PT_GNU_RELRO = 0x6474e552;
export const PF_X = 1;
export const PF_W = 2;
export const PF_R = 4;

export type ElfType = 'none' | 'rel' | 'exec' | 'dyn' | 'core' | 'other';

const TYPES: readonly ElfType[] = ['none', 'rel', 'exec', 'dyn', 'core'];

/** One program header. Offsets, sizes and addresses are in bytes. */
export interface ElfSegment {
  /** PT_LOAD, PT_INTERP, … */
  readonly type: number;
  /** PF_R | PF_W | PF_X. */
  readonly flags: number;
  readonly offset: number;
  readonly vaddr: number;
  readonly filesz: number;
  readonly memsz: number;
  readonly align: number;
}

export interface ElfFile {
  readonly elfClass: 32 | 64;
  readonly endianness: 'little' | 'big';
  readonly type: ElfType;
  /** e_machine, such as 40 for ARM. */
  readonly machine: number;
  /** e_ident[EI_OSABI] and e_flags, where some machines say that a program is FDPIC. */
  readonly osAbi: number;
  readonly flags: number;
  readonly entry: number;
  readonly segments: readonly ElfSegment[];
}

interface Layout {
  readonly headerSize: number;
  readonly flagsAt: number;
  readonly phoffAt: number;
  readonly phentsizeAt: number;
  readonly phnumAt: number;
  readonly phentsize: number;
}

const ELF32: Layout = {
  headerSize: 52,
  flagsAt: 36,
  phoffAt: 28,
  phentsizeAt: 42,
  phnumAt: 44,
  phentsize: 32,
};
const ELF64: Layout = {
  headerSize: 64,
  flagsAt: 48,
  phoffAt: 32,
  phentsizeAt: 54,
  phnumAt: 56,
  phentsize: 56,
};

const EI_OSABI = 7;
const E_TYPE_AT = 16;
const E_MACHINE_AT = 18;
const E_ENTRY_AT = 24;

/** True if `bytes` starts with the ELF magic. */
export function isElf(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

/**
 * Bytes that the program headers may have. Linux takes a page of them at most: compare
 * fs/binfmt_elf.c:load_elf_phdrs(), ELF_MIN_ALIGN.
 */
const MAX_PROGRAM_HEADERS = 4096;

/**
 * Parses the headers of an ELF file.
 *
 * @param bytes the file, or as much from its start as one cares to read.
 * @param read gives the bytes of the file from `start` to before `end`, or undefined if it does not
 * have them; asked at most once, for program headers that are not in `bytes`.
 * @returns undefined if it is not ELF, or its headers are cut off, contradict themselves or are too
 * many: for the kernel such a file is not a program, so it is not an error here.
 */
export function parseElf(
  bytes: Uint8Array,
  read?: (start: number, end: number) => Uint8Array | undefined,
): ElfFile | undefined {
  if (!isElf(bytes)) return undefined;
  const elfClass = bytes[4] === 1 ? 32 : bytes[4] === 2 ? 64 : undefined;
  const littleEndian = bytes[5] === 1 ? true : bytes[5] === 2 ? false : undefined;
  if (elfClass === undefined || littleEndian === undefined || bytes[6] !== 1) return undefined;
  const layout = elfClass === 32 ? ELF32 : ELF64;
  if (bytes.length < layout.headerSize) return undefined;

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u16 = (at: number): number => view.getUint16(at, littleEndian);
  const address = (at: number): number =>
    elfClass === 32
      ? view.getUint32(at, littleEndian)
      : Number(view.getBigUint64(at, littleEndian));

  const phoff = address(layout.phoffAt);
  const phnum = u16(layout.phnumAt);
  if (phnum > 0 && u16(layout.phentsizeAt) !== layout.phentsize) return undefined;
  const length = phnum * layout.phentsize;
  if (length > MAX_PROGRAM_HEADERS) return undefined;
  const end = phoff + length;
  const headers = end <= bytes.length ? bytes.subarray(phoff, end) : read?.(phoff, end);
  if (headers?.length !== length) return undefined;

  const segments: ElfSegment[] = [];
  const headerView = new DataView(headers.buffer, headers.byteOffset, headers.byteLength);
  for (let at = 0; at < length; at += layout.phentsize) {
    segments.push(readSegment(headerView, at, elfClass, littleEndian));
  }
  return {
    elfClass,
    endianness: littleEndian ? 'little' : 'big',
    type: TYPES[u16(E_TYPE_AT)] ?? 'other',
    machine: u16(E_MACHINE_AT),
    osAbi: bytes[EI_OSABI]!,
    flags: view.getUint32(layout.flagsAt, littleEndian),
    entry: address(E_ENTRY_AT),
    segments,
  };
}

/** Elf32_Phdr and Elf64_Phdr hold the same fields in different orders. */
function readSegment(
  view: DataView,
  at: number,
  elfClass: 32 | 64,
  littleEndian: boolean,
): ElfSegment {
  const u32 = (field: number): number => view.getUint32(at + field, littleEndian);
  const u64 = (field: number): number => Number(view.getBigUint64(at + field, littleEndian));
  return elfClass === 32
    ? {
        type: u32(0),
        offset: u32(4),
        vaddr: u32(8),
        filesz: u32(16),
        memsz: u32(20),
        flags: u32(24),
        align: u32(28),
      }
    : {
        type: u32(0),
        flags: u32(4),
        offset: u64(8),
        vaddr: u64(16),
        filesz: u64(32),
        memsz: u64(40),
        align: u64(48),
      };
}

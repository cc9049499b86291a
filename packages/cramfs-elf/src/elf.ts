/**
 * ELF file and program headers (System V ABI, "ELF header" and "Program header"), both classes and
 * both byte orders. What the dynamic loader reads is in `dynamic.ts`.
 */

import {
  EI_CLASS,
  EI_DATA,
  EI_OSABI,
  EI_VERSION,
  decodeElfHeader,
  decodeProgramHeaders,
  elfHeaderSize,
  programHeaderSize,
  type ElfHeader,
  type ElfLayout,
  type ProgramHeader,
} from './headers.js';

/** The bytes at a virtual address of the object, or undefined if it does not have them. */
export type ReadVirtual = (vaddr: number, length: number) => Uint8Array | undefined;

export const PT_LOAD = 1;
export const PT_DYNAMIC = 2;
export const PT_INTERP = 3;
export const PT_TLS = 7;
export const PT_GNU_STACK = 0x6474e551;
export const PT_GNU_RELRO = 0x6474e552;
export const PT_GNU_PROPERTY = 0x6474e553;
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
 * @param bytes the file, or any part from its start.
 * @param read gives the bytes of the file from `start` to before `end`, or undefined if it does not
 * have them; called at most once, for program headers that are not in `bytes`.
 * @returns undefined if it is not ELF, or its headers are cut off, contradict themselves or are too
 * many: the kernel does not take such a file as a program, so it is not an error here.
 */
export function parseElf(
  bytes: Uint8Array,
  read?: (start: number, end: number) => Uint8Array | undefined,
): ElfFile | undefined {
  if (!isElf(bytes)) return undefined;
  const layout = identLayout(bytes);
  if (layout === undefined || bytes[EI_VERSION] !== 1) return undefined;
  const { elfClass, littleEndian } = layout;
  if (bytes.length < elfHeaderSize(elfClass)) return undefined;

  const header = decodeElfHeader(bytes, layout);
  const { phnum } = header;
  const entrySize = programHeaderSize(elfClass);
  if (phnum > 0 && header.phentsize !== entrySize) return undefined;
  const length = phnum * entrySize;
  if (length > MAX_PROGRAM_HEADERS) return undefined;
  const phoff = Number(header.phoff);
  const end = phoff + length;
  const headers = end <= bytes.length ? bytes.subarray(phoff, end) : read?.(phoff, end);
  if (headers?.length !== length) return undefined;
  return elfFileOf(header, decodeProgramHeaders(headers, layout), { elfClass, littleEndian });
}

/** What EI_CLASS and EI_DATA say; undefined if one of them is not valid. */
export function identLayout(ident: Uint8Array): ElfLayout | undefined {
  const elfClass = ident[EI_CLASS] === 1 ? 32 : ident[EI_CLASS] === 2 ? 64 : undefined;
  const littleEndian = ident[EI_DATA] === 1 ? true : ident[EI_DATA] === 2 ? false : undefined;
  if (elfClass === undefined || littleEndian === undefined) return undefined;
  return { elfClass, littleEndian };
}

/** Decoded headers as tools use them: numbers above 2^53 lose their low bits. */
export function elfFileOf(
  header: ElfHeader,
  programHeaders: readonly ProgramHeader[],
  { elfClass, littleEndian }: ElfLayout,
): ElfFile {
  return {
    elfClass,
    endianness: littleEndian ? 'little' : 'big',
    type: TYPES[header.type] ?? 'other',
    machine: header.machine,
    osAbi: header.ident[EI_OSABI]!,
    flags: header.flags,
    entry: Number(header.entry),
    segments: programHeaders.map(({ type, flags, offset, vaddr, filesz, memsz, align }) => ({
      type,
      flags,
      offset: Number(offset),
      vaddr: Number(vaddr),
      filesz: Number(filesz),
      memsz: Number(memsz),
      align: Number(align),
    })),
  };
}

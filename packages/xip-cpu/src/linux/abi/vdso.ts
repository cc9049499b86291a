import { StructLayout, type Field } from './struct-layout.js';

/** The target of a vdso, and its code. */
export interface VdsoOptions {
  readonly pointerSize: 4 | 8;
  /** e_machine */
  readonly machine: number;
  readonly flags: number;
  readonly pageSize: number;
  /** Machine code, and its offset. */
  readonly code?: { readonly offset: number; readonly bytes: Uint8Array } | undefined;
}

const EHDR: readonly Field[] = [
  ['ident', 'u8', 16],
  ['type', 'u16'],
  ['machine', 'u16'],
  ['version', 'u32'],
  ['entry', 'ulong'],
  ['phoff', 'ulong'],
  ['shoff', 'ulong'],
  ['flags', 'u32'],
  ['ehsize', 'u16'],
  ['phentsize', 'u16'],
  ['phnum', 'u16'],
  ['shentsize', 'u16'],
  ['shnum', 'u16'],
  ['shstrndx', 'u16'],
];
/** Elf32_Phdr has the flags at its end, Elf64_Phdr after the type. */
const PHDR: Readonly<Record<4 | 8, readonly Field[]>> = {
  4: ['type', 'offset', 'vaddr', 'paddr', 'filesz', 'memsz', 'flags', 'align'].map((name) => [
    name,
    'u32',
  ]),
  8: [
    ['type', 'u32'],
    ['flags', 'u32'],
    ...['offset', 'vaddr', 'paddr', 'filesz', 'memsz', 'align'].map((name): Field => [name, 'u64']),
  ],
};
const ET_DYN = 3;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const READ_EXECUTE = 5;
const DT_HASH = 4;
const DT_STRTAB = 5;
const DT_SYMTAB = 6;
const DT_STRSZ = 10;
const DT_SYMENT = 11;
const DT_SONAME = 14;
/** Elf32_Sym, Elf64_Sym */
const SYMBOL_SIZE = { 4: 16, 8: 24 } as const;
const SONAME = 'linux-vdso.so.1';

/**
 * Returns a vdso without functions. A loader makes a struct link_map of it and finds no symbols, so
 * programs make system calls instead.
 */
export function vdsoImage({
  pointerSize,
  machine,
  flags,
  pageSize,
  code,
}: VdsoOptions): Uint8Array {
  const ehdr = new StructLayout(EHDR, pointerSize);
  const phdr = new StructLayout(PHDR[pointerSize], pointerSize);
  const dynamicAt = Math.ceil((ehdr.size + 2 * phdr.size) / 8) * 8;
  const dynamicSize = 7 * 2 * pointerSize;
  // One bucket, and one symbol, which is the null symbol.
  const hashAt = dynamicAt + dynamicSize;
  const symbolsAt = hashAt + 4 * 4;
  const stringsAt = symbolsAt + SYMBOL_SIZE[pointerSize];
  const strings = `\0${SONAME}\0`;
  const bytes = new Uint8Array(pageSize);
  const ident = Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, pointerSize / 4, 1, 1);
  bytes.set(
    ehdr.encode({
      ...{ ident, type: ET_DYN, machine, version: 1, phoff: ehdr.size, flags },
      ...{ ehsize: ehdr.size, phentsize: phdr.size, phnum: 2 },
    }),
  );
  const part = (type: number, offset: number, size: number): Uint8Array =>
    phdr.encode({
      ...{ type, offset, vaddr: offset, paddr: offset, filesz: size, memsz: size },
      ...{ flags: READ_EXECUTE, align: 8 },
    });
  bytes.set(part(PT_LOAD, 0, pageSize), ehdr.size);
  bytes.set(part(PT_DYNAMIC, dynamicAt, dynamicSize), ehdr.size + phdr.size);
  const words = [
    ...[DT_HASH, hashAt, DT_STRTAB, stringsAt, DT_SYMTAB, symbolsAt],
    ...[DT_STRSZ, strings.length, DT_SYMENT, SYMBOL_SIZE[pointerSize], DT_SONAME, 1],
  ];
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => {
    view.setUint32(dynamicAt + index * pointerSize, word, true);
  });
  view.setUint32(hashAt, 1, true);
  view.setUint32(hashAt + 4, 1, true);
  bytes.set(new TextEncoder().encode(strings), stringsAt);
  if (code !== undefined) bytes.set(code.bytes, code.offset);
  return bytes;
}

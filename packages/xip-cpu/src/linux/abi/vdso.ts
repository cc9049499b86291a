import { StructLayout, type Field } from './struct-layout.js';

/** The parts of a vdso. */
export interface VdsoOptions {
  readonly pointerSize: 4 | 8;
  /** e_machine */
  readonly machine: number;
  readonly flags: number;
  readonly pageSize: number;
  /** At most 16 functions: their code is at {@link vdsoOffset}. */
  readonly functions: readonly VdsoFunction[];
}

/** A function that programs find by its name. */
export interface VdsoFunction {
  readonly name: string;
  /** Returns machine code, at most 16 words. @param offset its offset in [vdso]. */
  readonly code: (offset: number) => readonly number[];
}

/** The start of code, after the tables, and the distance between functions. */
const CODE_AT = 0x400;
const CODE_STEP = 0x40;

/** Returns the offset in [vdso] of the function with this index. */
export function vdsoOffset(index: number): number {
  return CODE_AT + index * CODE_STEP;
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
const SYMBOL: Readonly<Record<4 | 8, readonly Field[]>> = {
  4: [
    ['name', 'u32'],
    ['value', 'u32'],
    ['size', 'u32'],
    ['info', 'u8'],
    ['other', 'u8'],
    ['shndx', 'u16'],
  ],
  8: [
    ['name', 'u32'],
    ['info', 'u8'],
    ['other', 'u8'],
    ['shndx', 'u16'],
    ['value', 'u64'],
    ['size', 'u64'],
  ],
};
/** STB_GLOBAL, STT_FUNC */
const GLOBAL_FUNCTION = 0x12;
/** There are no sections, but a symbol must not be undefined. */
const SOME_SECTION = 1;
const SONAME = 'linux-vdso.so.1';

/**
 * Returns the content of [vdso], a shared library of one page. Its symbols have no versions; loaders accept
 * that.
 */
export function vdsoImage(options: VdsoOptions): Uint8Array {
  const { pointerSize, machine, flags, pageSize, functions } = options;
  const ehdr = new StructLayout(EHDR, pointerSize);
  const phdr = new StructLayout(PHDR[pointerSize], pointerSize);
  const symbol = new StructLayout(SYMBOL[pointerSize], pointerSize);
  const dynamicAt = Math.ceil((ehdr.size + 2 * phdr.size) / 8) * 8;
  const dynamicSize = 7 * 2 * pointerSize;
  // One bucket, in which each symbol leads to the next. The first symbol is the null symbol.
  const symbols = functions.length + 1;
  const hashAt = dynamicAt + dynamicSize;
  const hash = [1, symbols, 1, ...Array.from({ length: symbols }, (_, index) => index + 1)];
  hash[3] = 0;
  hash[hash.length - 1] = 0;
  const symbolsAt = Math.ceil((hashAt + hash.length * 4) / 8) * 8;
  const stringsAt = symbolsAt + symbols * symbol.size;
  let strings = `\0${SONAME}\0`;
  const bytes = new Uint8Array(pageSize);
  const view = new DataView(bytes.buffer);
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
  hash.forEach((word, index) => {
    view.setUint32(hashAt + index * 4, word, true);
  });
  functions.forEach(({ name, code }, index) => {
    const value = vdsoOffset(index);
    const words = code(value);
    words.forEach((word, at) => {
      view.setUint32(value + at * 4, word, true);
    });
    const found = { name: strings.length, value, size: words.length * 4 };
    const kind = { info: GLOBAL_FUNCTION, shndx: SOME_SECTION };
    bytes.set(symbol.encode({ ...found, ...kind }), symbolsAt + (index + 1) * symbol.size);
    strings += `${name}\0`;
  });
  const words = [
    ...[DT_HASH, hashAt, DT_STRTAB, stringsAt, DT_SYMTAB, symbolsAt],
    ...[DT_STRSZ, strings.length, DT_SYMENT, symbol.size, DT_SONAME, 1],
  ];
  words.forEach((word, index) => {
    view.setUint32(dynamicAt + index * pointerSize, word, true);
  });
  bytes.set(new TextEncoder().encode(strings), stringsAt);
  return bytes;
}

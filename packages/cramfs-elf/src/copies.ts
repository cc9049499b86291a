import {
  U16,
  U32,
  U8,
  WORD32,
  WORD64,
  bytesToName,
  decodeStructure,
  structure,
} from 'cramfs-format';
import type { ElfDynamic } from './dynamic.js';
import type { ElfFile, ReadVirtual } from './elf.js';

/*
 * Copy relocations: data of a library that a program has at a fixed address of its own, to which
 * the loader copies it.
 */

/** Elf32_Sym, Elf64_Sym. */
const SYMBOL = {
  32: structure('Elf32_Sym', {
    name: U32,
    value: WORD32,
    size: WORD32,
    info: U8,
    other: U8,
    shndx: U16,
  }),
  64: structure('Elf64_Sym', {
    name: U32,
    info: U8,
    other: U8,
    shndx: U16,
    value: WORD64,
    size: WORD64,
  }),
} as const;

const SHN_UNDEF = 0;

/** R_*_COPY by e_machine: 386, MIPS, PowerPC of both sizes, ARM, x86-64, AArch64, RISC-V. */
const R_COPY: ReadonlyMap<number, number> = new Map([
  [3, 5],
  [8, 126],
  [20, 19],
  [21, 19],
  [40, 20],
  [62, 5],
  [183, 1024],
  [243, 4],
]);

/** Data that a symbol names; the address is a virtual one. */
export interface ElfDataSymbol {
  /** A byte string. */
  readonly name: string;
  readonly vaddr: number;
  readonly size: number;
}

/**
 * Returns the places that the loader copies data of other objects to, with the names of that data.
 */
export function copyRelocations(
  elf: ElfFile,
  dynamic: ElfDynamic,
  read: ReadVirtual,
): ElfDataSymbol[] {
  const copy = R_COPY.get(elf.machine);
  if (copy === undefined) return [];
  const indexes: number[] = [];
  const little = elf.endianness === 'little';
  const word = elf.elfClass / 8;
  for (const { kind, start, end } of dynamic.relocations) {
    const bytes = kind === 'relr' ? undefined : read(start, end - start);
    if (bytes === undefined) continue;
    const view = viewOf(bytes);
    const entrySize = (kind === 'rela' ? 3 : 2) * word;
    for (let at = 0; at + entrySize <= bytes.length; at += entrySize) {
      const { type, index } = relocationInfo(view, at + word, word, little);
      if (type === copy) indexes.push(index);
    }
  }
  // Most programs have none.
  if (indexes.length === 0) return [];
  const symbols = new SymbolTable(elf, dynamic, read);
  return indexes.flatMap((index) => symbols.at(index) ?? []);
}

/** r_info: ELF32_R_TYPE(), ELF64_R_TYPE(), and the index of the symbol. */
function relocationInfo(
  view: DataView,
  at: number,
  word: number,
  little: boolean,
): { readonly type: number; readonly index: number } {
  if (word === 4) {
    const info = view.getUint32(at, little);
    return { type: info & 0xff, index: info >>> 8 };
  }
  const [low, high] = little ? [at, at + 4] : [at + 4, at];
  return { type: view.getUint32(low, little), index: view.getUint32(high, little) };
}

/** Returns the data of that name that an object defines; undefined if it does not. */
export function definedData(
  elf: ElfFile,
  dynamic: ElfDynamic,
  name: string,
  read: ReadVirtual,
): ElfDataSymbol | undefined {
  return new SymbolTable(elf, dynamic, read).defined(name);
}

const NO_BYTES = new Uint8Array();

/** The dynamic symbols of an object. */
class SymbolTable {
  private readonly layout: (typeof SYMBOL)[32];
  private readonly little: boolean;
  private readonly symbols: DataView;
  private readonly strings: Uint8Array;

  constructor(
    { elfClass, endianness }: ElfFile,
    { symbols, strings }: ElfDynamic,
    read: ReadVirtual,
  ) {
    this.layout = SYMBOL[elfClass];
    this.little = endianness === 'little';
    // The number of symbols is not stored, but linkers put the names right after them.
    const length = (strings?.start ?? 0) - (symbols ?? Infinity);
    const bytes = length > 0 ? read(symbols!, length) : undefined;
    this.symbols = viewOf(bytes ?? NO_BYTES);
    this.strings = (strings && read(strings.start, strings.end - strings.start)) ?? NO_BYTES;
  }

  at(index: number): ElfDataSymbol | undefined {
    const { layout, symbols, strings, little } = this;
    const start = index * layout.size;
    if (start + layout.size > symbols.byteLength) return undefined;
    const { name: from, value, size } = decodeStructure(layout, symbols, start, little);
    const end = strings.indexOf(0, from);
    const name = bytesToName(strings.subarray(from, Math.max(from, end)));
    return { name, vaddr: Number(value), size: Number(size) };
  }

  defined(name: string): ElfDataSymbol | undefined {
    const { layout, symbols, little } = this;
    const { name: nameAt, shndx: sectionAt } = layout.at;
    for (let start = 0; start + layout.size <= symbols.byteLength; start += layout.size) {
      if (symbols.getUint16(start + sectionAt, little) === SHN_UNDEF) continue;
      if (this.isNamed(symbols.getUint32(start + nameAt, little), name)) {
        return this.at(start / layout.size);
      }
    }
    return undefined;
  }

  private isNamed(from: number, name: string): boolean {
    const { strings } = this;
    if (strings[from + name.length] !== 0) return false;
    for (let at = 0; at < name.length; at += 1) {
      if (strings[from + at] !== name.charCodeAt(at)) return false;
    }
    return true;
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

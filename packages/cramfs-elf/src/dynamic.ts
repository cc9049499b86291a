import { PT_DYNAMIC, type ElfFile, type ReadVirtual } from './elf.js';
import { DYNAMIC_ENTRY } from './headers.js';
import { highestVersion } from './versions.js';
import { EM_MIPS } from './machines.js';

/**
 * What a dynamic loader reads from an object (System V ABI, "Dynamic Section" and "Relocation"): the
 * names of other objects, where to look for them, and which places it relocates.
 */

/** Virtual addresses from `start` to before `end`. */
export interface VirtualRange {
  readonly start: number;
  readonly end: number;
}

/** The dynamic section of a program or shared object; strings are byte strings. */
export interface ElfDynamic {
  /** DT_NEEDED, in their order. */
  readonly needed: readonly string[];
  readonly soname: string | undefined;
  readonly rpath: string | undefined;
  readonly runpath: string | undefined;
  /** DT_FLAGS_1; see DF_1_*. */
  readonly flags1: number;
  /** Relocations may be in segments that are not writable. */
  readonly textRelocations: boolean;
  /** All symbols are bound before the program starts. */
  readonly bindNow: boolean;
  /** Where the entry DT_DEBUG is, which loaders write to. */
  readonly debugAt: number | undefined;
  /** Entries whose value is an address; some loaders relocate them in place. */
  readonly pointersAt: readonly number[];
  /** From the first to the last of the tables that a loader reads; undefined if there is none. */
  readonly tables: VirtualRange | undefined;
  readonly relocations: readonly RelocationTable[];
  /** DT_SYMTAB; the number of symbols is not stored. */
  readonly symbols: number | undefined;
  /** DT_STRTAB, the names of symbols among others. */
  readonly strings: VirtualRange | undefined;
  /** Words of the global offset table that the loader writes without being told by relocations. */
  readonly implicitGot: readonly VirtualRange[];
  /** The highest index of a symbol version that it defines or needs; 0 for none. */
  readonly highestVersion: number;
}

export interface RelocationTable extends VirtualRange {
  readonly kind: 'rel' | 'rela' | 'relr';
}

export const DF_1_NODEFLIB = 0x800;

const DT_NEEDED = 1;
const DT_PLTRELSZ = 2;
const DT_PLTGOT = 3;
const DT_HASH = 4;
const DT_STRTAB = 5;
const DT_SYMTAB = 6;
const DT_RELA = 7;
const DT_RELASZ = 8;
const DT_STRSZ = 10;
const DT_SONAME = 14;
const DT_RPATH = 15;
const DT_REL = 17;
const DT_RELSZ = 18;
const DT_PLTREL = 20;
const DT_DEBUG = 21;
const DT_TEXTREL = 22;
const DT_JMPREL = 23;
const DT_BIND_NOW = 24;
const DT_RUNPATH = 29;
const DT_FLAGS = 30;
const DT_RELRSZ = 35;
const DT_RELR = 36;
const DT_GNU_HASH = 0x6ffffef5;
const DT_VERSYM = 0x6ffffff0;
const DT_FLAGS_1 = 0x6ffffffb;
const DT_VERDEF = 0x6ffffffc;
const DT_VERNEED = 0x6ffffffe;
const DT_MIPS_LOCAL_GOTNO = 0x7000000a;
const DT_MIPS_SYMTABNO = 0x70000011;
const DT_MIPS_GOTSYM = 0x70000013;

const DF_TEXTREL = 0x4;
const DF_BIND_NOW = 0x8;
const DF_1_NOW = 0x1;

/** Tables by the tag of their address, and the tag of their size if one tells it. */
const TABLES: readonly (readonly [address: number, size: number | undefined])[] = [
  [DT_HASH, undefined],
  [DT_GNU_HASH, undefined],
  [DT_SYMTAB, undefined],
  [DT_STRTAB, DT_STRSZ],
  [DT_VERSYM, undefined],
  [DT_VERNEED, undefined],
  [DT_RELA, DT_RELASZ],
  [DT_REL, DT_RELSZ],
  [DT_RELR, DT_RELRSZ],
  [DT_JMPREL, DT_PLTRELSZ],
];

/** A name that is longer cannot be opened (PATH_MAX). */
const MAX_NAME = 4096;
/** A search path that is longer is damage. */
const MAX_SEARCH_PATH = 65536;
const MAX_ENTRIES = 4096;

/**
 * Parses the dynamic section of an object.
 *
 * @returns undefined if there is none, as in a static program, or it cannot be read.
 */
export function parseDynamic(elf: ElfFile, read: ReadVirtual): ElfDynamic | undefined {
  const segment = elf.segments.find(({ type }) => type === PT_DYNAMIC);
  if (segment === undefined) return undefined;
  const { size, at: field } = DYNAMIC_ENTRY[elf.elfClass];
  const word = elf.elfClass / 8;
  const count = Math.min(Math.floor(segment.memsz / size), MAX_ENTRIES);
  const bytes = read(segment.vaddr, count * size);
  if (bytes === undefined) return undefined;

  const at = wordReader(elf, bytes);
  const values = new Map<number, number>();
  const places = new Map<number, number>();
  const neededAt: number[] = [];
  for (let entry = 0; entry < count; entry += 1) {
    const start = entry * size;
    const tag = at((start + field.tag) / word);
    if (tag === 0) break;
    const value = at((start + field.value) / word);
    if (tag === DT_NEEDED) neededAt.push(value);
    values.set(tag, value);
    places.set(tag, segment.vaddr + start + field.value);
  }

  const stringTable = stringRange(values);
  const strings = stringReader(stringTable, read);
  const string = (tag: number, limit: number): string | undefined => {
    const offset = values.get(tag);
    return offset === undefined ? undefined : strings(offset, limit);
  };
  const flags = values.get(DT_FLAGS) ?? 0;
  const flags1 = values.get(DT_FLAGS_1) ?? 0;
  const needed = neededAt.map((offset) => strings(offset, MAX_NAME));
  return {
    needed: needed.filter((name) => name !== undefined && name !== '') as string[],
    soname: string(DT_SONAME, MAX_NAME),
    rpath: string(DT_RPATH, MAX_SEARCH_PATH),
    runpath: string(DT_RUNPATH, MAX_SEARCH_PATH),
    flags1,
    textRelocations: values.has(DT_TEXTREL) || (flags & DF_TEXTREL) !== 0,
    bindNow: values.has(DT_BIND_NOW) || (flags & DF_BIND_NOW) !== 0 || (flags1 & DF_1_NOW) !== 0,
    debugAt: places.get(DT_DEBUG),
    pointersAt: [...TABLES.map(([tag]) => tag), DT_PLTGOT].flatMap((tag) => places.get(tag) ?? []),
    tables: tableRange(values),
    relocations: relocationTables(values),
    symbols: values.get(DT_SYMTAB),
    strings: stringTable,
    implicitGot: implicitGot(elf, values),
    highestVersion: highestVersion(
      { verdef: values.get(DT_VERDEF), verneed: values.get(DT_VERNEED) },
      elf.endianness === 'little',
      read,
    ),
  };
}

function tableRange(values: ReadonlyMap<number, number>): VirtualRange | undefined {
  let start = Infinity;
  let end = 0;
  for (const [addressTag, sizeTag] of TABLES) {
    const address = values.get(addressTag);
    if (address === undefined) continue;
    start = Math.min(start, address);
    end = Math.max(end, address + (sizeTag === undefined ? 1 : (values.get(sizeTag) ?? 0)));
  }
  return start < end ? { start, end } : undefined;
}

function relocationTables(values: ReadonlyMap<number, number>): RelocationTable[] {
  const tables: RelocationTable[] = [];
  const add = (kind: RelocationTable['kind'], addressTag: number, sizeTag: number): void => {
    const start = values.get(addressTag);
    const size = values.get(sizeTag) ?? 0;
    if (start !== undefined && size > 0) tables.push({ kind, start, end: start + size });
  };
  add('relr', DT_RELR, DT_RELRSZ);
  add('rela', DT_RELA, DT_RELASZ);
  add('rel', DT_REL, DT_RELSZ);
  add(values.get(DT_PLTREL) === DT_REL ? 'rel' : 'rela', DT_JMPREL, DT_PLTRELSZ);
  return tables;
}

/**
 * If procedures are bound through a table, its second and third word belong to the loader. On MIPS
 * relocations do not list the global offset table: all of it is relocated.
 */
function implicitGot(elf: ElfFile, values: ReadonlyMap<number, number>): VirtualRange[] {
  const got = values.get(DT_PLTGOT);
  if (got === undefined) return [];
  const word = elf.elfClass / 8;
  if (elf.machine === EM_MIPS) {
    const global = (values.get(DT_MIPS_SYMTABNO) ?? 0) - (values.get(DT_MIPS_GOTSYM) ?? 0);
    const words = (values.get(DT_MIPS_LOCAL_GOTNO) ?? 0) + Math.max(global, 0);
    return words > 0 ? [{ start: got, end: got + words * word }] : [];
  }
  return values.has(DT_JMPREL) ? [{ start: got + word, end: got + 3 * word }] : [];
}

/**
 * Calls `place` with the virtual address of each word that the relocations of an object change, in
 * the order of the tables. Words listed twice come twice.
 */
export function forEachRelocation(
  elf: ElfFile,
  { relocations }: Pick<ElfDynamic, 'relocations'>,
  read: ReadVirtual,
  place: (vaddr: number) => void,
): void {
  for (const table of relocations) {
    const bytes = read(table.start, table.end - table.start);
    if (bytes === undefined) continue;
    if (table.kind === 'relr') {
      expandRelr(elf, bytes, place);
      continue;
    }
    const at = wordReader(elf, bytes);
    const words = Math.floor(bytes.length / (elf.elfClass / 8));
    const perEntry = table.kind === 'rela' ? 3 : 2;
    for (let entry = 0; entry + perEntry <= words; entry += perEntry) {
      // r_info 0 is R_*_NONE on every machine.
      if (at(entry + 1) !== 0) place(at(entry));
    }
  }
}

/** An even word is a place; an odd one a bitmap of the words that follow the last place. */
function expandRelr(elf: ElfFile, bytes: Uint8Array, place: (vaddr: number) => void): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = elf.endianness === 'little';
  const size = elf.elfClass / 8;
  let next = 0;
  for (let entry = 0; entry + size <= bytes.length; entry += size) {
    // Read 64-bit bitmaps in halves, because they do not fit into a number.
    const low = view.getUint32(size === 4 || little ? entry : entry + 4, little);
    const high = size === 4 ? 0 : view.getUint32(little ? entry + 4 : entry, little);
    if (low % 2 === 0) {
      next = high * 2 ** 32 + low;
      place(next);
      next += size;
      continue;
    }
    for (let bit = 1; bit < elf.elfClass; bit += 1) {
      const isSet = ((bit < 32 ? low >>> bit : high >>> (bit - 32)) & 1) === 1;
      if (isSet) place(next + (bit - 1) * size);
    }
    next += (elf.elfClass - 1) * size;
  }
}

/** Words of the object's class, by index; values that a number cannot hold lose their low bits. */
function wordReader({ elfClass, endianness }: ElfFile, bytes: Uint8Array): (i: number) => number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = endianness === 'little';
  if (elfClass === 32) return (index) => view.getUint32(index * 4, little);
  // Read halves: a BigInt for each word would dominate the cost of relocating.
  const [low, high] = little ? [0, 4] : [4, 0];
  return (index) =>
    view.getUint32(index * 8 + high, little) * 2 ** 32 + view.getUint32(index * 8 + low, little);
}

function stringRange(values: ReadonlyMap<number, number>): VirtualRange | undefined {
  const start = values.get(DT_STRTAB);
  const size = values.get(DT_STRSZ);
  return start === undefined || size === undefined ? undefined : { start, end: start + size };
}

function stringReader(
  table: VirtualRange | undefined,
  read: ReadVirtual,
): (offset: number, limit: number) => string | undefined {
  return (offset, limit) => {
    const left = table === undefined ? 0 : table.end - table.start - offset;
    if (left <= 0) return undefined;
    const bytes = read(table!.start + offset, Math.min(left, limit));
    const end = bytes?.indexOf(0) ?? -1;
    return end < 0 ? undefined : byteString(bytes!.subarray(0, end));
  };
}

function byteString(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}

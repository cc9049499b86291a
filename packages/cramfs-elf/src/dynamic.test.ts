import { describe, expect, test } from 'vitest';
import { elfObject, type ElfObjectOptions } from '../../../bench/src/emulator/elf-object.js';
import { forEachRelocation, parseDynamic, type ElfDynamic } from './dynamic.js';
import type { ReadVirtual } from './elf.js';
import { parseElf, type ElfFile } from './elf.js';

/** Objects of these options have the same addresses in memory as in the file. */
function parse(options: ElfObjectOptions): {
  elf: ElfFile;
  dynamic: ElfDynamic;
  read: ReadVirtual;
} {
  const bytes = elfObject(options);
  const elf = parseElf(bytes)!;
  const read: ReadVirtual = (vaddr, length) =>
    vaddr + length <= bytes.length ? bytes.subarray(vaddr, vaddr + length) : undefined;
  return { elf, dynamic: parseDynamic(elf, read)!, read };
}

function places({ elf, dynamic, read }: ReturnType<typeof parse>): number[] {
  const found: number[] = [];
  forEachRelocation(elf, dynamic, read, (vaddr) => found.push(vaddr));
  return found;
}

describe.each([
  [32, true],
  [32, false],
  [64, true],
  [64, false],
] as const)('%i bits, little-endian %s', (elfClass, little) => {
  test('names, paths, flags', () => {
    const { dynamic } = parse({
      elfClass,
      little,
      needed: ['libb.so', 'liba.so', 'lib\xff.so'],
      soname: 'libx.so.1',
      rpath: '/r',
      runpath: '$ORIGIN/../lib:/s',
      flags1: 0x801,
      textRelocations: true,
    });
    expect(dynamic).toMatchObject({
      needed: ['libb.so', 'liba.so', 'lib\xff.so'],
      soname: 'libx.so.1',
      rpath: '/r',
      runpath: '$ORIGIN/../lib:/s',
      flags1: 0x801,
      textRelocations: true,
      bindNow: true,
      debugAt: undefined,
    });
  });

  test('places of REL and RELA, whatever order they are in', () => {
    const object = parse({ elfClass, little, relocations: [64, 8, 16], soname: 'x' });
    expect(places(object)).toEqual([64, 8, 16].map((offset) => 0x2000 + offset));
  });

  test('places of RELR: addresses, and bitmaps of the words after them', () => {
    const word = elfClass / 8;
    // Bit 0 marks a bitmap; the others stand for the words after the last place.
    const words = [0x1000n, 0b1011n, (1n << BigInt(elfClass - 1)) | 1n, 0x2000n];
    const table = new Uint8Array(words.length * word);
    const view = new DataView(table.buffer);
    words.forEach((value, index) => {
      if (elfClass === 32) view.setUint32(index * 4, Number(value), little);
      else view.setBigUint64(index * 8, value, little);
    });
    const { elf } = parse({ elfClass, little, soname: 'x' });
    const found: number[] = [];
    const relocations = [{ kind: 'relr', start: 0, end: table.length }] as const;
    forEachRelocation(
      elf,
      { relocations },
      () => table,
      (vaddr) => found.push(vaddr),
    );
    const behind = 0x1000 + word;
    const second = behind + (elfClass - 1) * word;
    expect(found).toEqual([
      0x1000,
      behind,
      behind + 2 * word,
      second + (elfClass - 2) * word,
      0x2000,
    ]);
  });
});

test('DT_DEBUG is where the loader writes to', () => {
  const { dynamic } = parse({ interpreter: '/lib/ld.so', needed: ['x'] });
  // After DT_NEEDED: the value of the second entry.
  expect(dynamic.debugAt).toBe(0x2000 + 16 + 8);
});

describe('words that the loader writes to without a relocation', () => {
  const DT_PLTGOT = [3, 0x3000] as const;

  test('the second and third word of a table of procedures', () => {
    const { dynamic } = parse({ soname: 'x', entries: [DT_PLTGOT, [23, 0x100]] });
    expect(dynamic.implicitGot).toEqual([{ start: 0x3008, end: 0x3018 }]);
    expect(parse({ soname: 'x', entries: [DT_PLTGOT] }).dynamic.implicitGot).toEqual([]);
  });

  test('on MIPS the whole table: local entries, and those of the symbols from the first global on', () => {
    const counts = [
      [0x7000000a, 5],
      [0x70000011, 20],
      [0x70000013, 17],
    ] as const;
    const kind = { machine: 8, elfClass: 32, little: false, soname: 'x' } as const;
    const { dynamic } = parse({ ...kind, entries: [DT_PLTGOT, ...counts] });
    expect(dynamic.implicitGot).toEqual([{ start: 0x3000, end: 0x3000 + 4 * (5 + 3) }]);
  });
});

test('no dynamic section, or none that can be read', () => {
  const bytes = elfObject();
  expect(parseDynamic(parseElf(bytes)!, () => bytes)).toBeUndefined();
  const cut = parseElf(elfObject({ soname: 'x' }))!;
  expect(parseDynamic(cut, () => undefined)).toBeUndefined();
});

test('tables and strings that are nowhere', () => {
  const { elf, dynamic, read } = parse({ soname: 'x', relocations: [8] });
  const away = (vaddr: number, length: number) =>
    vaddr < 0x2000 ? undefined : read(vaddr, length);
  expect(parseDynamic(elf, away)).toMatchObject({ soname: undefined, needed: [] });
  const found: number[] = [];
  forEachRelocation(elf, dynamic, away, (vaddr) => found.push(vaddr));
  expect(found).toEqual([]);
});

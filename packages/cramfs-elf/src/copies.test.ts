import { describe, expect, test } from 'vitest';
import { copyRelocations, definedData } from './copies.js';
import type { ElfDynamic } from './dynamic.js';
import type { ElfFile, ReadVirtual } from './elf.js';

const SYMBOLS = 0x1000;
const RELOCATIONS = 0x4000;
const NAMES = '\0counter\0table\0';

/** Objects with two symbols, `counter` and `table`, and relocations of them. */
function object(
  elfClass: 32 | 64,
  little: boolean,
  machine: number,
  relocations: readonly (readonly [type: number, symbol: number])[],
  section = 7,
): { elf: ElfFile; dynamic: ElfDynamic; read: ReadVirtual } {
  const is64 = elfClass === 64;
  const entry = is64 ? 24 : 16;
  const memory = new Uint8Array(0x8000);
  const view = new DataView(memory.buffer);
  const word = (at: number, value: number): void => {
    if (is64) view.setBigUint64(at, BigInt(value), little);
    else view.setUint32(at, value, little);
  };
  for (const [index, name, vaddr, size] of [
    [1, 1, 0x5000, 4],
    [2, 9, 0x6000, 9000],
  ] as const) {
    const at = SYMBOLS + index * entry;
    view.setUint32(at, name, little);
    view.setUint16(at + (is64 ? 6 : 14), section, little);
    word(at + (is64 ? 8 : 4), vaddr);
    word(at + (is64 ? 16 : 8), size);
  }
  const strings = SYMBOLS + 3 * entry;
  memory.set(new TextEncoder().encode(NAMES), strings);
  const size = is64 ? 24 : 8;
  relocations.forEach(([type, symbol], index) => {
    const at = RELOCATIONS + index * size;
    word(at, 0x5000);
    if (is64) view.setBigUint64(at + 8, (BigInt(symbol) << 32n) | BigInt(type), little);
    else view.setUint32(at + 4, (symbol << 8) | type, little);
  });
  const end = RELOCATIONS + relocations.length * size;
  return {
    elf: { elfClass, endianness: little ? 'little' : 'big', machine } as ElfFile,
    dynamic: {
      symbols: SYMBOLS,
      strings: { start: strings, end: strings + NAMES.length },
      relocations: [{ kind: is64 ? 'rela' : 'rel', start: RELOCATIONS, end }],
    } as unknown as ElfDynamic,
    read: (vaddr, length) =>
      vaddr + length <= memory.length ? memory.slice(vaddr, vaddr + length) : undefined,
  };
}

const TABLE = { name: 'table', vaddr: 0x6000, size: 9000 };
const COUNTER = { name: 'counter', vaddr: 0x5000, size: 4 };

describe.each([
  ['RISC-V of 64 bits', 64, true, 243, 4],
  ['ARM', 32, true, 40, 20],
  ['AArch64', 64, true, 183, 1024],
  ['PowerPC', 32, false, 20, 19],
  ['PowerPC of 64 bits', 64, false, 21, 19],
] as const)('%s', (_name, elfClass, little, machine, copy) => {
  test('copies are found among other relocations, with names and sizes', () => {
    const relocations = [
      [2, 1],
      [copy, 2],
      [3, 2],
      [copy, 1],
    ] as const;
    const { elf, dynamic, read } = object(elfClass, little, machine, relocations);
    expect(copyRelocations(elf, dynamic, read)).toEqual([TABLE, COUNTER]);
  });

  test('data is found by its name if it is defined', () => {
    const { elf, dynamic, read } = object(elfClass, little, machine, []);
    expect(definedData(elf, dynamic, 'table', read)).toEqual(TABLE);
    expect(definedData(elf, dynamic, 'tabl', read)).toBeUndefined();
    expect(definedData(elf, dynamic, 'able', read)).toEqual(undefined);
    const undefinedOnes = object(elfClass, little, machine, [], 0);
    expect(
      definedData(undefinedOnes.elf, undefinedOnes.dynamic, 'table', undefinedOnes.read),
    ).toBeUndefined();
  });
});

test('damaged tables give nothing', () => {
  const { elf, dynamic, read } = object(64, true, 243, [
    [4, 999],
    [4, 2],
  ]);
  expect(copyRelocations(elf, dynamic, read)).toEqual([TABLE]);
  const far = { start: 0x7ffff, end: 0x8ffff };
  for (const damage of [{ symbols: undefined }, { strings: undefined }, { strings: far }]) {
    expect(copyRelocations(elf, { ...dynamic, ...damage }, read)).toEqual([]);
    expect(definedData(elf, { ...dynamic, ...damage }, 'table', read)).toBeUndefined();
  }
  expect(copyRelocations({ ...elf, machine: 9999 }, dynamic, read)).toEqual([]);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PF_R, PF_W, PF_X, PT_LOAD, isElf, parseElf } from './elf.js';

type Endianness = 'little' | 'big';

/** Appends integers of given widths: an ELF file written field by field, as in the ABI's tables. */
class FieldWriter {
  private readonly bytes: number[] = [];

  private readonly endianness: Endianness;

  constructor(endianness: Endianness) {
    this.endianness = endianness;
  }

  raw(...bytes: number[]): this {
    this.bytes.push(...bytes);
    return this;
  }

  /** [width in bytes, value] pairs. */
  fields(...fields: [width: 2 | 4 | 8, value: number][]): this {
    for (const [width, value] of fields) {
      const bytes = Array.from({ length: width }, (_, at) => Math.floor(value / 256 ** at) % 256);
      this.bytes.push(...(this.endianness === 'little' ? bytes : bytes.reverse()));
    }
    return this;
  }

  end(): Uint8Array {
    return Uint8Array.from(this.bytes);
  }
}

/** One text segment; every field has a different value, so that none can be mistaken for another. */
function elf32(endianness: Endianness): Uint8Array {
  return new FieldWriter(endianness)
    .raw(
      0x7f,
      0x45,
      0x4c,
      0x46,
      1,
      endianness === 'little' ? 1 : 2,
      1,
      0,
      ...new Array<number>(8).fill(0),
    )
    .fields([2, 2], [2, 40], [4, 1]) // e_type EXEC, e_machine ARM, e_version
    .fields([4, 0x8054], [4, 52], [4, 0x9999], [4, 0x5000200]) // e_entry, e_phoff, e_shoff, e_flags
    .fields([2, 52], [2, 32], [2, 1], [2, 40], [2, 7], [2, 6]) // e_ehsize .. e_shstrndx
    .fields([4, 1], [4, 0x1000], [4, 0x8000], [4, 0x7000]) // p_type, p_offset, p_vaddr, p_paddr
    .fields([4, 0x123], [4, 0x456], [4, 5], [4, 0x10000]) // p_filesz, p_memsz, p_flags, p_align
    .end();
}

function elf64(endianness: Endianness): Uint8Array {
  return new FieldWriter(endianness)
    .raw(
      0x7f,
      0x45,
      0x4c,
      0x46,
      2,
      endianness === 'little' ? 1 : 2,
      1,
      0,
      ...new Array<number>(8).fill(0),
    )
    .fields([2, 3], [2, 183], [4, 1]) // e_type DYN, e_machine AARCH64, e_version
    .fields([8, 0x123456789a], [8, 64], [8, 0x9999], [4, 0x5000200]) // e_entry .. e_flags
    .fields([2, 64], [2, 56], [2, 1], [2, 64], [2, 7], [2, 6]) // e_ehsize .. e_shstrndx
    .fields([4, 1], [4, 6], [8, 0x2000], [8, 0x7f00008000]) // p_type, p_flags, p_offset, p_vaddr
    .fields([8, 0x7000], [8, 0x123], [8, 0x100000456], [8, 0x10000]) // p_paddr .. p_align
    .end();
}

const ENDIANNESSES: Endianness[] = ['little', 'big'];

describe.each(ENDIANNESSES)('%s-endian ELF', (endianness) => {
  test('of 32 bits', () => {
    expect(parseElf(elf32(endianness))).toEqual({
      elfClass: 32,
      endianness,
      type: 'exec',
      machine: 40,
      osAbi: 0,
      flags: 0x5000200,
      entry: 0x8054,
      segments: [
        {
          type: PT_LOAD,
          flags: PF_R | PF_X,
          offset: 0x1000,
          vaddr: 0x8000,
          filesz: 0x123,
          memsz: 0x456,
          align: 0x10000,
        },
      ],
    });
  });

  test('of 64 bits', () => {
    expect(parseElf(elf64(endianness))).toEqual({
      elfClass: 64,
      endianness,
      type: 'dyn',
      machine: 183,
      osAbi: 0,
      flags: 0x5000200,
      entry: 0x123456789a,
      segments: [
        {
          type: PT_LOAD,
          flags: PF_R | PF_W,
          offset: 0x2000,
          vaddr: 0x7f00008000,
          filesz: 0x123,
          memsz: 0x100000456,
          align: 0x10000,
        },
      ],
    });
  });

  test.each([
    [0, 'none'],
    [1, 'rel'],
    [2, 'exec'],
    [3, 'dyn'],
    [4, 'core'],
    [5, 'other'],
    [0xfe00, 'other'],
  ])('e_type %d is %s', (type, name) => {
    const bytes = elf32(endianness);
    new DataView(bytes.buffer).setUint16(16, type, endianness === 'little');
    expect(parseElf(bytes)?.type).toBe(name);
  });

  test('without program headers, as an object file', () => {
    const bytes = elf64(endianness).slice(0, 64);
    bytes.fill(0, 32, 40); // e_phoff
    bytes.fill(0, 54, 58); // e_phentsize, e_phnum
    expect(parseElf(bytes)).toMatchObject({ elfClass: 64, segments: [] });
  });
});

const MAKERS = [
  ['ELF32', elf32, { phoff: 28, phentsize: 42, phnum: 44, width: 4 }],
  ['ELF64', elf64, { phoff: 32, phentsize: 54, phnum: 56, width: 8 }],
] as const;

describe.each(MAKERS)('damaged %s', (_, make, at) => {
  test('no shorter file is an ELF file', () => {
    const bytes = make('little');
    for (let length = 0; length < bytes.length; length += 1) {
      expect(parseElf(bytes.subarray(0, length))).toBeUndefined();
    }
  });

  test.each([
    ['magic', 0, 0x7e],
    ['magic', 3, 0x47],
    ['EI_CLASS', 4, 0],
    ['EI_CLASS', 4, 3],
    ['EI_DATA', 5, 0],
    ['EI_DATA', 5, 3],
    ['EI_VERSION', 6, 0],
    ['EI_VERSION', 6, 2],
  ])('bad %s at %d: %d', (_field, offset, value) => {
    const bytes = make('big');
    bytes[offset] = value;
    expect(parseElf(bytes)).toBeUndefined();
  });

  test('program headers of another size', () => {
    const bytes = make('little');
    bytes[at.phentsize] = 0x30;
    expect(parseElf(bytes)).toBeUndefined();
  });

  test('more program headers than the file holds', () => {
    const bytes = make('little');
    bytes[at.phnum] = 2;
    expect(parseElf(bytes)).toBeUndefined();
  });

  test('more program headers than Linux accepts', () => {
    const headers = new Uint8Array(65_536);
    const bytes = make('little');
    const count = (phnum: number): number | undefined => {
      new DataView(bytes.buffer).setUint16(at.phnum, phnum, true);
      return parseElf(bytes, (start, end) => headers.subarray(0, end - start))?.segments.length;
    };
    const size = at.width === 4 ? 32 : 56;
    const most = Math.floor(4096 / size);
    expect(count(most)).toBe(most);
    expect(count(most + 1)).toBeUndefined();
    expect(count(0xffff)).toBeUndefined();
  });

  test('program headers that are not in what was read, but can be', () => {
    const bytes = make('big');
    const phoff = bytes.length - (at.width === 4 ? 32 : 56);
    const head = bytes.subarray(0, phoff);
    expect(parseElf(head)).toBeUndefined();
    const asked: number[][] = [];
    const elf = parseElf(head, (start, end) => {
      asked.push([start, end]);
      return bytes.subarray(start, end);
    });
    expect(elf).toEqual(parseElf(bytes));
    expect(asked).toEqual([[phoff, bytes.length]]);
    expect(parseElf(head, () => undefined)).toBeUndefined();
  });

  test('program headers at the end of the address space', () => {
    const bytes = make('little');
    bytes.fill(0xff, at.phoff, at.phoff + at.width);
    expect(parseElf(bytes)).toBeUndefined();
  });

  test('random damage never makes it throw', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ENDIANNESSES),
        fc.array(fc.tuple(fc.nat({ max: 130 }), fc.nat({ max: 255 })), { maxLength: 8 }),
        fc.nat({ max: 200 }),
        (endianness, changes, length) => {
          const bytes = make(endianness).slice(0, length);
          for (const [offset, value] of changes) bytes[offset] = value;
          const elf = parseElf(bytes);
          for (const segment of elf?.segments ?? []) {
            for (const value of Object.values(segment)) expect(value).toBeGreaterThanOrEqual(0);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('isElf', () => {
  test('goes by the magic', () => {
    expect(isElf(elf32('big'))).toBe(true);
    expect(isElf(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46))).toBe(true);
    expect(isElf(Uint8Array.of(0x7f, 0x45, 0x4c))).toBe(false);
    expect(isElf(new TextEncoder().encode('#!/bin/sh'))).toBe(false);
    expect(isElf(new Uint8Array(0))).toBe(false);
  });

  test('parseElf accepts a view into a larger buffer', () => {
    const buffer = new Uint8Array(300).fill(0xff);
    buffer.set(elf64('big'), 77);
    expect(parseElf(buffer.subarray(77))?.machine).toBe(183);
  });
});

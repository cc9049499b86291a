import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { elfFile, type TestSegment } from '../../../test/helpers/elf-builder.js';
import { fdpicFile, flatFile } from '../../../test/helpers/nommu-programs.js';
import { nommuProgram, type NommuProgram } from './nommu.js';

const PAGE = 4096;

function load(bytes: Uint8Array, pageSize = PAGE): NommuProgram | undefined {
  const read = (start: number, end: number): Uint8Array | undefined =>
    end <= bytes.length ? bytes.subarray(start, end) : undefined;
  return nommuProgram({ head: bytes.subarray(0, pageSize), size: bytes.length, read }, pageSize);
}

/** `first page+pages` of each part that is mapped, `-` for others, with its hazard. */
function parts(segments: readonly TestSegment[], pageSize = PAGE): string[] {
  const program = load(fdpicFile(segments, new Uint8Array(8 * PAGE)), pageSize)!;
  return program.parts.map(({ span, hazard }) => {
    const where = span === undefined ? '-' : `${span.pgoff}+${span.pages}`;
    return hazard === undefined ? where : `${where} ${hazard}`;
  });
}

describe('FDPIC segments', () => {
  test('are mapped by their length in memory, from the page that they start in', () => {
    expect(
      parts([
        { flags: 5, offset: 0, filesz: PAGE + 1 },
        { flags: 4, offset: 3 * PAGE + 500, vaddr: 0x20000 + 500, filesz: PAGE - 500 },
        { flags: 6, offset: 5 * PAGE, filesz: 10, memsz: 9000 },
      ]),
    ).toEqual(['0+2', '3+1', '-']);
    expect(parts([{ flags: 5, offset: 0, filesz: PAGE + 1 }], 65536)).toEqual(['0+1']);
  });

  test('cannot be mapped where offset and address differ in the page', () => {
    expect(parts([{ flags: 5, offset: 8, vaddr: 0, filesz: 100 }])).toEqual(['-']);
    expect(parts([{ flags: 5, offset: 8, vaddr: 100, filesz: 100 }])).toEqual(['-']);
  });

  test('that start where a shorter one does; equal ones and parts of others share its region', () => {
    const part = (pages: number, first = 0): TestSegment => ({
      flags: 4,
      offset: first * PAGE,
      vaddr: first * PAGE,
      filesz: pages * PAGE,
    });
    expect(parts([part(1), part(2)])).toEqual(['0+1', '0+2 same-start']);
    expect(parts([part(2), part(1), part(2)])).toEqual(['0+2', '0+1', '0+2']);
    expect(parts([part(3), part(1, 1), part(1, 2)])).toEqual(['0+3', '1+1', '2+1']);
    // The second lies within the first, and is not a region of its own.
    expect(parts([part(3), part(1, 1), part(4, 1)])).toEqual(['0+3', '1+1', '1+4']);
  });

  test('that are longer in memory are cleared', () => {
    expect(parts([{ flags: 5, offset: 0, filesz: 100, memsz: 5000 }])).toEqual(['0+2 cleared']);
  });
});

test('ordinary ELF is copied; object files are not programs', () => {
  const elf = (type: number): NommuProgram | undefined =>
    load(elfFile(32, true, [{ flags: 5, offset: 0, filesz: 100 }], new Uint8Array(PAGE), type));
  expect(elf(2)).toMatchObject({
    format: 'elf',
    copied: expect.stringContaining('fixed') as string,
  });
  expect(elf(3)).toMatchObject({
    format: 'elf',
    copied: expect.stringContaining('FDPIC') as string,
  });
  expect(elf(1)).toBeUndefined();
  expect(load(new Uint8Array(100))).toBeUndefined();
});

describe('bFLT', () => {
  const text = new Uint8Array(PAGE).fill(7, 0, PAGE - 8).fill(7, PAGE - 4);
  const data = new Uint8Array(100);

  test('text is mapped with its header, data is read', () => {
    const { format, parts: found, copied } = load(flatFile(text, data))!;
    expect([format, copied]).toEqual(['flat', undefined]);
    expect(found).toMatchObject([
      { name: 'text', offset: 0, filesz: PAGE + 64, span: { pgoff: 0, pages: 2 } },
      { name: 'data', offset: PAGE + 64, filesz: 100, span: undefined },
    ]);
  });

  test('relocations of the text, of the data, and cut off', () => {
    const hazard = (...relocations: number[]) =>
      load(flatFile(text, data, { relocations }))!.parts[0]!.hazard;
    expect([hazard(PAGE - 4), hazard(PAGE), hazard()]).toEqual(['relocated', undefined, undefined]);
    const cut = flatFile(text, data, { relocations: [0, 4] });
    // The kernel reads zeros past the end: they name the first word of the text.
    expect(load(cut.subarray(0, -8))!.parts[0]!.hazard).toBe('relocated');
    const zeros = flatFile(new Uint8Array(PAGE), data, { relocations: [0, 4] });
    expect(load(zeros)!.parts[0]!.hazard).toBeUndefined();
    expect(hazard(PAGE - 8)).toBeUndefined();
  });

  /** With data and relocations as one gzip stream. */
  const gzipData = (flat: Uint8Array, change = (stream: Uint8Array) => stream): Uint8Array => {
    const bytes = flat.slice();
    new DataView(bytes.buffer).setUint32(36, 8);
    const end = PAGE + 64;
    return Buffer.concat([bytes.subarray(0, end), change(gzipSync(bytes.subarray(end)))]);
  };

  test("gzip'd relocations, of any number", () => {
    const hazard = (...relocations: number[]) =>
      load(gzipData(flatFile(text, data, { relocations })))!.parts[0]!.hazard;
    expect([hazard(PAGE + 4, 12), hazard(PAGE), hazard()]).toEqual([
      'relocated',
      undefined,
      undefined,
    ]);
    const many = Array.from({ length: 20_000 }, (_, index) => PAGE + 4 * (index % 20));
    expect([hazard(...many), hazard(...many, 8)]).toEqual([undefined, 'relocated']);
  });

  test.each([
    ['is none', () => new Uint8Array(30)],
    ['is damaged', (stream: Uint8Array) => stream.fill(0xff, 10)],
  ])('a gzip stream that %s: Linux maps the text before it gives up', (_, change) => {
    const program = gzipData(flatFile(text, data, { relocations: [4] }), change);
    expect(load(program)!.parts[0]).toMatchObject({ span: { pages: 2 }, hazard: undefined });
  });

  test.each([
    ['relocations', 4 + 4 * 7, 0x10000000],
    ['data', 4 + 4 * 3, 0],
    ['fullData', 4 + 4 * 7, 0x8000000],
  ])('a length that Linux refuses: %s', (name, at, value) => {
    const bytes = flatFile(text, data);
    new DataView(bytes.buffer).setUint32(at, value);
    expect(load(bytes)!.copied).toMatch(new RegExp(`${name} length of 0x.*does not load`));
  });

  test('why it is marked for RAM', () => {
    const copied = (relocation: number) =>
      load(flatFile(text, data, { flags: 1, relocations: [relocation] }))!.copied;
    expect([copied(4), copied(PAGE)]).toEqual([
      expect.stringContaining('-msingle-pic-base'),
      expect.stringContaining('flthdr -R'),
    ]);
  });
});

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PF_R, PF_W, PF_X, PT_INTERP, parseElf, type ElfFile } from './elf.js';
import { loadSegments, readOnlySegments } from './segments.js';

const ROOT = new URL('../../../samples/rootfs/', import.meta.url);

function read(path: string): Uint8Array {
  return readFileSync(new URL(path, ROOT));
}

function parse(path: string): ElfFile {
  const elf = parseElf(read(path));
  if (elf === undefined) throw new Error(`${path} is not ELF`);
  return elf;
}

// From `readelf -hlW` of binutils.
const ARCHITECTURES = [
  ['x86_64', 64, 'little', 62],
  ['aarch64', 64, 'little', 183],
  ['riscv64', 64, 'little', 243],
  ['i386', 32, 'little', 3],
  ['armhf', 32, 'little', 40],
  ['powerpc', 32, 'big', 20],
] as const;

describe.each(ARCHITECTURES)('sample programs for %s', (arch, elfClass, endianness, machine) => {
  test('headers', () => {
    for (const file of ['bin/true', 'bin/hello', 'bin/cat', 'bin/crc32sum', 'lib/libgreet.so']) {
      expect(parse(`${arch}/${file}`)).toMatchObject({ elfClass, endianness, machine });
    }
  });

  test('types', () => {
    expect(parse(`${arch}/bin/crc32sum`).type).toBe('exec');
    expect(parse(`${arch}/bin/greet`).type).toBe('dyn');
    expect(parse(`${arch}/lib/libgreet.so`).type).toBe('dyn');
  });

  test('an interpreter, where there is one', () => {
    const interpreters = (path: string): string[] =>
      parse(path)
        .segments.filter(({ type }) => type === PT_INTERP)
        .map(({ offset, filesz }) =>
          new TextDecoder().decode(read(path).subarray(offset, offset + filesz)),
        );
    expect(interpreters(`${arch}/bin/greet`)).toEqual([
      expect.stringMatching(/^\/lib(64)?\/ld.*\.so\.\d\0$/),
    ]);
    expect(interpreters(`${arch}/bin/hello`)).toEqual([]);
  });

  test('separate pages for headers, text and tables, which all run in place', () => {
    const elf = parse(`${arch}/bin/crc32sum`);
    const segments = readOnlySegments(elf);
    expect(segments.map(({ offset, flags }) => [offset, flags])).toEqual([
      [0, PF_R],
      [0x1000, PF_R | PF_X],
      [0x2000, PF_R],
    ]);
    expect(segments[2]!.filesz).toBeGreaterThan(0x4000);
    // .bss takes no bytes from the file.
    expect(loadSegments(elf)).toEqual(segments);
  });

  test('a writable segment does not run in place', () => {
    const elf = parse(`${arch}/bin/hello`);
    const writable = loadSegments(elf).filter(({ flags }) => (flags & PF_W) !== 0);
    expect(writable).toHaveLength(1);
    expect(readOnlySegments(elf)).not.toContain(writable[0]);
  });
});

describe('damaged samples', () => {
  const samples = ARCHITECTURES.map(([arch]) => read(`${arch}/bin/true`));

  test('are parsed or refused, but never make it throw', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.array(fc.tuple(fc.nat({ max: 255 }), fc.nat({ max: 255 })), { maxLength: 12 }),
        fc.nat({ max: 1000 }),
        (sample, changes, length) => {
          const bytes = Uint8Array.from(sample.subarray(0, length));
          for (const [offset, value] of changes) if (offset < length) bytes[offset] = value;
          const elf = parseElf(bytes);
          for (const { offset, filesz } of elf === undefined ? [] : loadSegments(elf)) {
            expect(offset).toBeGreaterThanOrEqual(0);
            expect(filesz).toBeGreaterThan(0);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});

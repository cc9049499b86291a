/** What the kernel's source says of loaders on ARM where no record tells. */
import { openImage } from 'cramfs-reader';
import { parseScenario } from 'xip-emu';
import { describe, expect, test } from 'vitest';
import { KernelCorruption } from '#xip-emu/kernel-corruption.js';
import type { KernelConfig } from '#xip-emu/arch/kernel-config.js';
import type { ProgramCost } from '#xip-emu/exec/program-cost.js';
import { armFixture } from '../helpers/arm-records.js';
import { costOf, xipFile } from '../helpers/programs.js';
import { file, type RawNode } from '../helpers/raw-image.js';

const image = openImage(armFixture('p.img'));

function content(path: string): Uint8Array {
  return image.readFile(image.lookup(path)).slice();
}

/** Starts one program of the records without an MMU, its file as given. */
function start(
  path: string,
  node: RawNode = xipFile(content(path)),
  config: Partial<KernelConfig> = {},
): ProgramCost {
  return costOf({ [path]: node }, path, {}, { mmu: false, arch: 'arm', config });
}

function areas(cost: ProgramCost): string[] {
  return cost.areas.map(({ start: from, end, permissions }) => `${end - from} ${permissions}`);
}

describe('bFLT of version 2', () => {
  test('without flags its text is in place; with any it is in RAM', () => {
    expect(start('/bin/t-rev2').romPages).toBe(1);
    expect(areas(start('/bin/t-rev2')).sort()).toEqual(['4096 r-xp', '8192 rwxp']);
    expect(start('/bin/t-rev2f').romPages).toBe(0);
    expect(areas(start('/bin/t-rev2f'))).toEqual(['12288 rwxp']);
  });

  test('is what the configuration makes of it', () => {
    const always = { BINFMT_FLAT_OLD_ALWAYS_RAM: true };
    expect(areas(start('/bin/t-rev2', undefined, always))).toEqual(['12288 rwxp']);
    expect(() => start('/bin/t-rev2', undefined, { BINFMT_FLAT_OLD: false })).toThrow('ENOEXEC');
    expect(() => start('/bin/t-xip', undefined, { BINFMT_FLAT: false })).toThrow('ENOEXEC');
  });
});

describe('compressed bFLT', () => {
  test('needs BINFMT_ZFLAT', () => {
    expect(() => start('/bin/t-gzip', undefined, { BINFMT_ZFLAT: false })).toThrow('ENOEXEC');
  });

  test('with compressed data its text is in place', () => {
    expect(start('/bin/t-gzdata').romPages).toBe(1);
  });

  test('a gzip stream that is none, or damaged, kills; one that is cut off gives what there is', () => {
    const bytes = content('/bin/t-gzip');
    const damaged = bytes.slice();
    damaged[64] = 0;
    expect(() => start('/bin/t-gzip', file(damaged, { mode: 0o755 }))).toThrow('no gzip stream');
    damaged.set(bytes);
    damaged.fill(0xff, 90, 200);
    expect(() => start('/bin/t-gzip', file(damaged, { mode: 0o755 }))).toThrow('kills the process');
    const cut = file(bytes.subarray(0, 400), { mode: 0o755 });
    expect(areas(start('/bin/t-gzip', cut))).toEqual(['12288 rwxp']);
  });
});

describe('ROM that a loader would write to', () => {
  test('a read-only segment that has more in memory than in the file', () => {
    expect(() => start('/bin/f-robss')).toThrow(KernelCorruption);
    expect(() => start('/bin/f-robss')).toThrow('elf_fdpic_map_file_by_direct_mmap()');
    // The same program from a copy.
    const copy = start('/bin/f-robss', file(content('/bin/f-robss'), { mode: 0o755 }));
    expect(copy.romPages).toBe(0);
  });
});

describe('the stack of an FDPIC program that asks for no size', () => {
  const PT_GNU_STACK = 0x6474e551;
  const interpreter = content('/lib/ld-fx.so');

  /** The interpreter with something else in its entry for the stack. */
  function withStack(change: (entry: DataView) => void): RawNode {
    const bytes = interpreter.slice();
    const view = new DataView(bytes.buffer);
    const entries = Array.from({ length: view.getUint16(44, true) }, (_, at) => 52 + 32 * at);
    const entry = entries.find((at) => view.getUint32(at, true) === PT_GNU_STACK)!;
    change(new DataView(bytes.buffer, entry, 32));
    return xipFile(bytes);
  }

  function stackOf(loader: RawNode): string | undefined {
    const path = '/bin/f-interp-s0';
    const files = { [path]: xipFile(content(path)), '/lib/ld-fx.so': loader };
    const { areas: all } = costOf(files, path, {}, { mmu: false, arch: 'arm' });
    const stack = all.find(({ line }) => line.endsWith('[stack]'));
    return stack && `${stack.end - stack.start} ${stack.permissions}`;
  }

  test('has the size and permissions that its interpreter asks for', () => {
    expect(stackOf(xipFile(interpreter))).toBe('24576 rw-p');
    expect(
      stackOf(
        withStack((entry) => {
          entry.setUint32(24, 7, true);
        }),
      ),
    ).toBe('24576 rwxp');
    expect(
      stackOf(
        withStack((entry) => {
          entry.setUint32(20, 0, true);
        }),
      ),
    ).toBe('131072 rw-p');
    expect(
      stackOf(
        withStack((entry) => {
          entry.setUint32(20, 1, true);
        }),
      ),
    ).toBe('8192 rw-p');
  });

  test('is executable if the interpreter has no entry either: READ_IMPLIES_EXEC', () => {
    expect(
      stackOf(
        withStack((entry) => {
          entry.setUint32(0, 0, true);
        }),
      ),
    ).toBe('131072 rwxp');
  });
});

test('FDPIC with EF_ARM_PIC keeps its distances, an executable, too', () => {
  expect(areas(start('/bin/f-pic20'))).toEqual(areas(start('/bin/f-pic20dyn')));
  expect(start('/bin/f-pic20').romPages).toBe(0);
});

test('FDPIC with an MMU: ENOEXEC without its loader; not known without a vdso', () => {
  const run = (config: Partial<KernelConfig>) => () =>
    costOf({ '/p': xipFile(content('/bin/f-basic')) }, '/p', {}, { arch: 'arm', config });
  expect(run({})).toThrow('create_elf_fdpic_tables()');
  expect(run({ BINFMT_ELF_FDPIC: false })).toThrow('ENOEXEC');
  expect(run({ VDSO: false })).toThrow('without a vdso');
});

test.each(['mtd', 'mtd0', '/dev/mtdblock0'])('mount %s is a mount of the MTD', (source) => {
  expect(parseScenario(`mount ${source}\n`)[0]).toMatchObject({ op: 'mount', kind: 'mtd' });
});

import { afterEach, describe, expect, test } from 'vitest';
import { elfFile } from '../../../../test/helpers/elf-builder.js';
import { parseElf } from 'cramfs-elf';
import { Machine } from '../machine.js';
import { mapsText } from '../report/maps.js';
import { ARCHITECTURES, architectureOf, elfCheckArch } from './kernel-build.js';
import { parseConfigLine } from './kernel-config.js';

const EXEC = { flags: 5, offset: 0, filesz: 200 };

const machines: Machine[] = [];

function machine(options: ConstructorParameters<typeof Machine>[0]): Machine {
  const made = new Machine(options);
  machines.push(made);
  return made;
}

afterEach(() => {
  for (const made of machines.splice(0)) made.halt();
});

describe('where things are', () => {
  test.each([
    ['riscv64', 4096, 0x4000000000, 0x3ff8000000],
    ['arm', 4096, 0xbf000000, 0xb7000000],
    ['arm64', 16384, 0x800000000000, 0x7ffff8000000],
  ] as const)('%s with pages of %i bytes, as recorded', (arch, pageSize, stackTop, mmapBase) => {
    const { build } = machine({ arch, pageSize });
    expect(build.stackTop * build.geometry.size).toBe(stackTop);
    expect(build.mmapBase * build.geometry.size).toBe(mmapBase);
    expect(build.recorded).toBe(true);
  });

  test('all architectures: what they have is in the order of addresses, and whole pages', () => {
    for (const arch of Object.values(ARCHITECTURES)) {
      for (const pageSize of arch.pageSizes) {
        const { build } = machine({ arch: arch.name, pageSize });
        expect(build.firstUserVpn).toBeLessThan(build.etDynBase / build.geometry.size);
        expect(build.etDynBase / build.geometry.size).toBeLessThan(build.mmapBase);
        expect(build.mmapBase).toBeLessThan(build.stackTop);
        expect(build.stackTop).toBeLessThanOrEqual(build.taskSize);
        for (const at of [build.stackTop, build.mmapBase, build.etDynBase]) {
          expect(Number.isSafeInteger(at)).toBe(true);
        }
        machines.pop()!.halt();
      }
    }
  });

  test('PAGE_OFFSET moves the end of an arm program, and nothing below two pages can be mapped', () => {
    const { build } = machine({ arch: 'arm', config: { PAGE_OFFSET: 0x80000000 } });
    expect(build.taskSize * build.geometry.size).toBe(0x7f000000);
    const process = machines[0]!.spawn();
    const mapAt = (address: number) => () =>
      process.mmap(build.geometry.size, 3, 0x32, { address });
    expect(mapAt(build.geometry.size)).toThrow('EINVAL');
    expect(mapAt(2 * build.geometry.size)()).toBe(2 * build.geometry.size);
    expect(mapAt(0x7f000000 - build.geometry.size)()).toBe(0x7f000000 - build.geometry.size);
    expect(mapAt(0x7f000000)).toThrow('ENOMEM');
  });
});

test("a process of arm: the kernel's own pages, as recorded", () => {
  const process = machine({ arch: 'arm' }).spawn();
  expect(mapsText(process.mm)).toBe(
    [
      'b6ffd000-b6ffe000 r-xp 00000000 00:00 0          [sigpage]',
      'b6ffe000-b6fff000 r--p 00000000 00:00 0          [vvar]',
      'b6fff000-b7000000 r-xp 00000000 00:00 0          [vdso]',
      'ffff0000-ffff1000 r-xp 00000000 00:00 0          [vectors]',
      '',
    ].join('\n'),
  );
});

test('programs are told apart by class, byte order and machine', () => {
  const arm = parseElf(elfFile(32, true, [EXEC], new Uint8Array(200)))!;
  expect(architectureOf(arm)?.name).toBe('arm');
  expect(architectureOf({ ...arm, endianness: 'big' })?.name).toBe('armeb');
  expect(architectureOf({ ...arm, machine: 243 })?.name).toBe('riscv32');
  expect(architectureOf({ ...arm, elfClass: 64 })).toBeUndefined();
});

test('elf_check_arch() of arm: an entry in ARM code is a multiple of 4; OABI with 26 bits is refused', () => {
  const arm = parseElf(elfFile(32, true, [EXEC], new Uint8Array(200)))!;
  const accepts = (change: object): boolean =>
    elfCheckArch(ARCHITECTURES.arm, { ...arm, flags: 0x05000000, ...change });
  expect([0, 1, 2, 3, 4].map((entry) => accepts({ entry }))).toEqual([
    true,
    true,
    false,
    true,
    true,
  ]);
  expect(accepts({ flags: 0x08 })).toBe(false);
  expect(accepts({ machine: 62 })).toBe(false);
});

test('lines of a .config', () => {
  expect(parseConfigLine('CONFIG_BINFMT_ZFLAT=y')).toEqual({ BINFMT_ZFLAT: true });
  expect(parseConfigLine('PAGE_OFFSET=0x80000000')).toEqual({ PAGE_OFFSET: 0x80000000 });
  expect(parseConfigLine('VDSO=1')).toEqual({});
  expect(parseConfigLine('SMP=y')).toBeUndefined();
  const { config } = new Machine({ arch: 'arm', mmu: false, config: { BINFMT_ZFLAT: false } })
    .build;
  expect(config.BINFMT_ZFLAT).toBe(false);
});

import { afterEach, describe, expect, test } from 'vitest';
import { memoryOf, mmOf, romMachine } from '../../../../test/helpers/emulator.js';
import { kernelImage } from '../../../../test/helpers/kernel-images.js';
import { buildRawImage, file, noise } from '../../../../test/helpers/raw-image.js';
import { execElf } from '../exec/elf.js';
import { Machine, type MachineOptions } from '../machine.js';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_NORESERVE,
  MAP_PRIVATE,
  MAP_SHARED,
  MREMAP_MAYMOVE,
  PROT_NONE,
  PROT_READ,
} from '../memory-map.js';
import type { Process } from '../process.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';

const ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
const MIB = 1 << 20;

let machine: Machine | undefined;
afterEach(() => {
  machine?.halt();
});

function spawn(image: Uint8Array, options: Partial<MachineOptions>): Process {
  machine = romMachine(image, options);
  return machine.spawn();
}

function anonymous(process: Process, length: number): number {
  return process.mmap(length, PROT_NONE, ANONYMOUS);
}

/** Takes all of the address space below mmap_base, the highest ranges first. */
function fillBelow(process: Process): void {
  const { host, taskSize } = mmOf(process);
  const top = host.build.mmapBase;
  for (let length = taskSize * PAGE_SIZE; length >= PAGE_SIZE;) {
    try {
      const at = anonymous(process, length);
      if (at < top * PAGE_SIZE) continue;
      process.munmap(at, length);
    } catch {
      // There is no such range.
    }
    length = Math.floor(length / 2 / PAGE_SIZE) * PAGE_SIZE;
  }
}

describe('when nothing is free below mmap_base', () => {
  test.each(['arm', 'riscv64', 'mipsel', 'powerpc'] as const)(
    '%s: the lowest range above it that has room, one after the other',
    (arch) => {
      machine = new Machine({ arch });
      const process = machine.spawn();
      fillBelow(process);
      const base = mmOf(process).host.build.mmapBase * PAGE_SIZE;
      const first = anonymous(process, MIB);
      expect(first).toBe(base);
      expect(anonymous(process, MIB)).toBe(base + MIB);
      process.munmap(first, MIB);
      expect(anonymous(process, MIB + PAGE_SIZE)).toBe(base + 2 * MIB);
      expect(anonymous(process, MIB)).toBe(first);
    },
  );

  test('a range that begins below mmap_base and ends above it, from TASK_UNMAPPED_BASE on', () => {
    const process = spawn(kernelImage('basic'), { arch: 'riscv64' });
    fillBelow(process);
    const base = mmOf(process).host.build.mmapBase * PAGE_SIZE;
    const unmapped = 0x1555556000;
    // Too small for the request; and a hole below TASK_UNMAPPED_BASE does not count.
    process.munmap(unmapped + MIB, 4 * MIB);
    process.munmap(unmapped - 16 * MIB, 4 * MIB);
    expect(anonymous(process, 3 * MIB)).toBe(unmapped + 2 * MIB);
    expect(anonymous(process, 6 * MIB)).toBe(base);
  });

  test('not in the room that a stack keeps free below it', () => {
    const process = spawn(kernelImage('basic'), { arch: 'riscv64' });
    execElf(process, memoryOf(process), '/rom/bin/xstatic');
    fillBelow(process);
    const stack = mmOf(process).vmas.findVma(2 ** 26 - 1)!;
    const room = (stack.start - 256 - mmOf(process).host.build.mmapBase) * PAGE_SIZE;
    expect(() => anonymous(process, room + PAGE_SIZE)).toThrow('ENOMEM');
    expect(anonymous(process, room) + room).toBe((stack.start - 256) * PAGE_SIZE);
  });
});

test('arm: the first two pages are not for mmap(2) to choose', () => {
  const process = spawn(kernelImage('basic'), { arch: 'arm' });
  // Everything except the range below FIRST_USER_ADDRESS.
  fillBelow(process);
  expect(mmOf(process).vmas.findVma(0)!.start).toBe(2);
  // A hint is used as it is.
  expect(process.mmap(PAGE_SIZE, PROT_NONE, ANONYMOUS, { address: PAGE_SIZE })).toBe(PAGE_SIZE);
});

describe('arm with a cache that aliases: pages of files keep their colour', () => {
  const COLOURS = 4;
  const options = { arch: 'arm', config: { CACHE_VIPT_ALIASING: true } } as const;
  const image = buildRawImage({ f: file(noise(40 * PAGE_SIZE), { blocks: 'D'.repeat(40) }) }).bytes;

  function colour(address: number): number {
    return (address / PAGE_SIZE) % COLOURS;
  }

  function map(process: Process, pgoff: number, pages: number, address = 0, flags = 0): number {
    const opened = process.open('/rom/f');
    try {
      return process.mmap(pages * PAGE_SIZE, PROT_READ, MAP_PRIVATE | flags, {
        file: opened,
        offset: pgoff * PAGE_SIZE,
        address,
      });
    } finally {
      process.close(opened);
    }
  }

  test('wherever they go', () => {
    const process = spawn(image, options);
    for (let pgoff = 0; pgoff < 12; pgoff += 1) {
      for (const pages of [1, 2, 3, 5]) {
        expect(colour(map(process, pgoff, pages))).toBe(pgoff % COLOURS);
        anonymous(process, PAGE_SIZE);
      }
    }
  });

  test('the highest place of the colour is taken', () => {
    const process = spawn(image, options);
    // [sigpage], [vvar] and [vdso] are the three pages below 0xb7000000.
    expect(map(process, 0, 1)).toBe(0xb6ffc000);
    expect(map(process, 0, 1)).toBe(0xb6ff8000);
    expect(map(process, 3, 2)).toBe(0xb6ff3000);
    expect(anonymous(process, PAGE_SIZE)).toBe(0xb6ffb000);
  });

  test('a hint goes up to a multiple of SHMLBA, and then on to the colour', () => {
    const process = spawn(image, options);
    expect(map(process, 1, 1, 0x20000000)).toBe(0x20001000);
    expect(map(process, 2, 1, 0x20001000)).toBe(0x20006000);
    expect(process.mmap(PAGE_SIZE, PROT_NONE, ANONYMOUS, { address: 0x20003000 })).toBe(0x20003000);
  });

  test('MAP_FIXED: of a shared mapping EINVAL, elsewhere as it is', () => {
    const process = spawn(image, options);
    const shared = MAP_FIXED | MAP_SHARED;
    const mapShared = (address: number) => () => {
      const opened = process.open('/rom/f');
      return process.mmap(PAGE_SIZE, PROT_READ, shared, {
        file: opened,
        offset: PAGE_SIZE,
        address,
      });
    };
    expect(mapShared(0x20000000)).toThrow('EINVAL');
    expect(mapShared(0x20001000)()).toBe(0x20001000);
    expect(map(process, 1, 1, 0x20004000, MAP_FIXED)).toBe(0x20004000);
  });

  test('shared anonymous memory is a file from its first page on; mremap(2) keeps the colour', () => {
    const process = spawn(image, options);
    const shared = process.mmap(PAGE_SIZE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS);
    expect(colour(shared)).toBe(0);
    const at = map(process, 5, 4);
    anonymous(process, PAGE_SIZE);
    const moved = process.mremap(at + PAGE_SIZE, PAGE_SIZE, 3 * PAGE_SIZE, MREMAP_MAYMOVE);
    expect(moved).not.toBe(at + PAGE_SIZE);
    expect(colour(moved)).toBe(6 % COLOURS);
  });

  test('above mmap_base the lowest page of the colour', () => {
    const process = spawn(image, options);
    fillBelow(process);
    expect(map(process, 2, 1)).toBe(0xb7002000);
    expect(map(process, 1, 1)).toBe(0xb7005000);
  });

  test('without such a cache nothing of that', () => {
    const process = spawn(image, { arch: 'arm' });
    expect(map(process, 0, 1)).toBe(0xb6ffc000);
    expect(map(process, 0, 1)).toBe(0xb6ffb000);
  });
});

import { expect, test } from 'vitest';
import { PhysicalMemory } from '../phys/physical-memory.js';
import { Machine } from '../machine.js';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ } from '../memory-map.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';
import { RegionRam } from './region-ram.js';

const RAM = 0x80000000;

function memory(pages: number): RegionRam {
  const ramSize = pages * PAGE_SIZE;
  return new RegionRam(new PhysicalMemory({ ramSize, ramAddress: RAM, roms: [] }));
}

test('rows do not overlap, and a freed one is found again', () => {
  const ram = memory(32);
  const rows = [3, 5, 8].map((pages) => [ram.allocate(pages).start, pages] as const);
  const ends = rows.map(([start, pages]) => start + pages * PAGE_SIZE);
  expect(new Set(rows.map(([start]) => start)).size).toBe(3);
  rows.slice(1).forEach(([start], index) => {
    expect(start).toBeGreaterThanOrEqual(ends[index]!);
  });
  expect(ram.pagesAllocated).toBe(16);
  const [start, pages] = rows[1]!;
  ram.free(start, start + pages * PAGE_SIZE);
  expect(ram.allocate(pages).start).toBe(start);
});

test('scattered free pages make no row; freed neighbours make one, in whatever order', () => {
  const ram = memory(12);
  const starts = Array.from({ length: 6 }, () => ram.allocate(2).start);
  const free = (index: number): void => {
    ram.free(starts[index]!, starts[index]! + 2 * PAGE_SIZE);
  };
  //  001122334455
  free(1);
  free(4);
  expect(() => ram.allocate(3)).toThrow(expect.objectContaining({ code: 'ENOMEM' }));
  free(3);
  //  00__22____55
  expect(ram.allocate(4).start).toBe(starts[3]);
  expect(ram.allocate(2).start).toBe(starts[1]);
  expect(() => ram.allocate(1)).toThrow(expect.objectContaining({ code: 'ENOMEM' }));
  expect(ram.phys.used).toBe(12);
});

test('memory that is used again is zero', () => {
  const ram = memory(4);
  const { phys } = ram;
  const start = ram.allocate(2).start;
  ram.write(start, new Uint8Array(PAGE_SIZE + 10).fill(1));
  const frame = phys.frameOf(start / PAGE_SIZE)!;
  expect([phys.readByte(frame + 1, 9), phys.readByte(frame + 1, 10)]).toEqual([1, 0]);
  ram.free(start, start + 2 * PAGE_SIZE);
  expect(ram.allocate(2).start).toBe(start);
  expect(phys.readByte(frame, 0)).toBe(0);
});

test('at most 4 MiB in a row', () => {
  const ram = memory(3000);
  expect(ram.allocate(1024).start).toBeGreaterThanOrEqual(RAM);
  expect(() => ram.allocate(1024 + 953)).toThrow(expect.objectContaining({ code: 'ENOMEM' }));
  expect(ram.warnings).toBe(1);
  expect(() => {
    for (;;) ram.allocate(1024);
  }).toThrow(expect.objectContaining({ code: 'ENOMEM' }));
  expect(ram.warnings, 'only what can never be given').toBe(1);
});

test.each([
  ['arm', 4096, {}, 1 << 10],
  ['riscv64', 4096, {}, 1 << 10],
  ['arm64', 4096, {}, 1 << 10],
  ['arm64', 16384, {}, 1 << 11],
  ['arm64', 65536, {}, 1 << 13],
  ['mips', 65536, {}, 1 << 10],
  ['powerpc', 4096, {}, 1 << 10],
  ['powerpc', 65536, {}, 1 << 6],
  ['powerpc64', 4096, {}, 1 << 12],
  ['powerpc64le', 65536, {}, 1 << 8],
  ['arm', 4096, { ARCH_FORCE_MAX_ORDER: 8 }, 1 << 8],
] as const)('%s with pages of %i bytes, %o: %i pages in a row', (arch, pageSize, config, pages) => {
  const ramSize = 2 * pages * pageSize;
  const machine = new Machine({ arch, pageSize, config, ramSize, mmu: false });
  const process = machine.spawn();
  const anonymous = (count: number): number =>
    process.mmap(count * pageSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS);
  expect(anonymous(pages)).toBeGreaterThanOrEqual(RAM);
  expect(() => anonymous(pages + 1)).toThrow(expect.objectContaining({ code: 'ENOMEM' }));
  machine.halt();
});

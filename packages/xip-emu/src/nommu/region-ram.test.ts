import { expect, test } from 'vitest';
import { PhysicalMemory } from '../phys/physical-memory.js';
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

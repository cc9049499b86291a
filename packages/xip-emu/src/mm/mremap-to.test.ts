import { beforeEach, describe, expect, test } from 'vitest';
import {
  errnoOf,
  mapAnonymous,
  mapFile,
  mmOf,
  romMachine,
} from '../../../../test/helpers/emulator.js';
import { kernelImage } from '../../../../test/helpers/kernel-images.js';
import { Machine } from '../machine.js';
import {
  MAP_SHARED,
  MREMAP_DONTUNMAP,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
} from '../memory-map.js';
import type { Process } from '../process.js';
import { areasIn } from '../report/areas.js';
import { pagesIn } from '../report/pages.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';
import { validateMm } from './validate.js';

const BASE = 0x40000000;
const THERE = 0x50000000;
const RW = PROT_READ | PROT_WRITE;
const FIXED = MREMAP_MAYMOVE | MREMAP_FIXED;
const KEPT = MREMAP_MAYMOVE | MREMAP_DONTUNMAP;

let machine: Machine;
let process: Process;
beforeEach(() => {
  machine = romMachine(kernelImage('basic'), { faultAround: PAGE_SIZE });
  process = machine.spawn();
});

/** In pages from BASE on; `to` is an address. */
function remap(page: number, from: number, pages: number, flags: number, to = THERE): number {
  const at = BASE + page * PAGE_SIZE;
  try {
    return process.mremap(at, from * PAGE_SIZE, pages * PAGE_SIZE, flags, to);
  } finally {
    validateMm(mmOf(process));
  }
}

/** Areas as pages from BASE, or from THERE, on. */
function areas(base: number): [start: number, end: number][] {
  return areasIn(process.mm, base, base + 0x1000000).map(({ start, end }) => [
    (start - base) / PAGE_SIZE,
    (end - base) / PAGE_SIZE,
  ]);
}

function backings(address: number, pages: number): string[] {
  return pagesIn(process.mm, address, pages * PAGE_SIZE).map(({ backing }) => backing);
}

describe('MREMAP_FIXED', () => {
  test('moves, shrinks or grows to a place, and replaces what is there', () => {
    mapAnonymous(process, 4, RW, { address: BASE });
    for (let page = 0; page < 4; page += 1) process.store(BASE + page * PAGE_SIZE, 10 + page);
    mapAnonymous(process, 8, PROT_READ, { address: THERE - 2 * PAGE_SIZE });
    expect(remap(0, 4, 2, FIXED)).toBe(THERE);
    expect(areas(BASE)).toEqual([]);
    expect(areas(THERE)).toEqual([
      [0, 2],
      [2, 6],
    ]);
    expect([0, 1].map((page) => process.load(THERE + page * PAGE_SIZE))).toEqual([10, 11]);

    mapAnonymous(process, 3, RW, { address: BASE });
    process.store(BASE + PAGE_SIZE, 21);
    expect(remap(1, 1, 3, FIXED)).toBe(THERE);
    expect(areas(BASE)).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect([0, 1, 2].map((page) => process.load(THERE + page * PAGE_SIZE))).toEqual([21, 0, 0]);
  });

  test('pages of ROM move with a VM_PFNMAP, which cannot change its length upwards', () => {
    mapFile(process, '/rom/direct-7p-zerotail', 7, PROT_READ, { address: BASE });
    const value = process.load(BASE + 5);
    expect(remap(0, 7, 7, FIXED)).toBe(THERE);
    expect(backings(THERE, 7)).toEqual(new Array(7).fill('rom'));
    expect(process.load(THERE + 5)).toBe(value);
    expect(areas(BASE)).toEqual([]);
    expect(process.mremap(THERE, 7 * PAGE_SIZE, 2 * PAGE_SIZE, FIXED, BASE)).toBe(BASE);
    mapAnonymous(process, 4, RW, { address: THERE });
    expect(errnoOf(() => remap(0, 2, 3, FIXED))).toBe('EFAULT');
    expect(areas(THERE), 'the target is gone all the same').toEqual([[3, 4]]);
    expect(areas(BASE)).toEqual([[0, 2]]);
  });

  test('a VM_MIXEDMAP moves with its ROM and its page cache', () => {
    mapFile(process, '/rom/gap-6p', 8, PROT_READ, { address: BASE });
    process.load(BASE + 5 * PAGE_SIZE);
    const before = backings(BASE, 8);
    expect(remap(0, 8, 9, FIXED)).toBe(THERE);
    expect(backings(THERE, 8)).toEqual(before);
  });

  test('an old length of 0 gives shared memory a second place', () => {
    mapAnonymous(process, 2, RW, { address: BASE, flags: MAP_SHARED });
    process.store(BASE, 42);
    expect(remap(0, 0, 2, FIXED)).toBe(THERE);
    expect(process.load(THERE)).toBe(42);
    expect(remap(1, 0, 1, FIXED, THERE + 8 * PAGE_SIZE)).toBe(THERE + 8 * PAGE_SIZE);
    expect(areas(BASE), 'the source is not split').toEqual([[0, 2]]);
    // The target is its own range: that is unmapped first, so there is nothing to move.
    expect(errnoOf(() => remap(0, 0, 2, FIXED, BASE))).toBe('EFAULT');
    expect(areas(BASE)).toEqual([]);
  });
});

describe('MREMAP_DONTUNMAP', () => {
  test('moves the pages, and leaves the area without any', () => {
    mapAnonymous(process, 3, RW, { address: BASE });
    process.store(BASE + PAGE_SIZE, 7);
    expect(remap(0, 3, 3, KEPT)).toBe(THERE);
    expect(areas(BASE)).toEqual([[0, 3]]);
    expect(areas(THERE)).toEqual([[0, 3]]);
    expect(backings(BASE, 3)).toEqual(['none', 'none', 'none']);
    expect([process.load(BASE + PAGE_SIZE), process.load(THERE + PAGE_SIZE)]).toEqual([0, 7]);
    process.store(BASE + PAGE_SIZE, 8);
    expect(process.load(THERE + PAGE_SIZE)).toBe(7);
  });

  test('what was left starts anew: it merges with untouched memory beside it', () => {
    mapAnonymous(process, 2, RW, { address: BASE });
    process.store(BASE, 1);
    remap(0, 2, 2, KEPT);
    mapAnonymous(process, 2, RW, { address: BASE + 2 * PAGE_SIZE });
    expect(areas(BASE)).toEqual([[0, 4]]);
  });

  test('source and copy stay two areas, side by side too', () => {
    mapAnonymous(process, 2, RW, { address: BASE });
    expect(remap(0, 2, 2, KEPT, BASE + 2 * PAGE_SIZE)).toBe(BASE + 2 * PAGE_SIZE);
    expect(areas(BASE)).toEqual([
      [0, 2],
      [2, 4],
    ]);
  });

  test('a part of an area; a place that is taken is only a hint, without MREMAP_FIXED', () => {
    mapAnonymous(process, 4, RW, { address: BASE });
    process.store(BASE + 2 * PAGE_SIZE, 5);
    mapAnonymous(process, 2, PROT_NONE, { address: THERE });
    const moved = remap(1, 2, 2, KEPT);
    expect(moved).toBeGreaterThan(0x100000000);
    expect(process.load(moved + PAGE_SIZE)).toBe(5);
    expect(areas(BASE)).toEqual([[0, 4]]);
    expect(remap(1, 2, 2, KEPT | MREMAP_FIXED)).toBe(THERE);
    expect(areas(THERE)).toEqual([[0, 2]]);
  });

  test('of ROM only where page by page: EINVAL for VM_PFNMAP, after the target was unmapped', () => {
    mapFile(process, '/rom/gap-6p', 6, PROT_READ, { address: BASE });
    const rom = backings(BASE, 6);
    expect(remap(0, 6, 6, KEPT)).toBe(THERE);
    expect([backings(THERE, 6), backings(BASE, 1)]).toEqual([rom, ['none']]);
    const value = process.load(THERE);
    expect([process.load(BASE), backings(BASE, 1)]).toEqual([value, ['page-cache']]);

    mapFile(process, '/rom/direct-7p-zerotail', 7, PROT_READ, { address: BASE });
    expect(errnoOf(() => remap(0, 7, 7, KEPT))).toBe('EINVAL');
    mapAnonymous(process, 8, RW, { address: THERE });
    expect(errnoOf(() => remap(0, 7, 7, KEPT | MREMAP_FIXED))).toBe('EINVAL');
    expect(areas(THERE)).toEqual([[7, 8]]);
  });
});

describe('what is refused, in this order', () => {
  beforeEach(() => {
    mapAnonymous(process, 4, RW, { address: BASE });
  });

  test.each([
    ['unknown flags', 8, BASE, 1, 1, THERE, 'EINVAL'],
    ['MREMAP_FIXED alone', MREMAP_FIXED, BASE, 1, 1, THERE, 'EINVAL'],
    ['MREMAP_DONTUNMAP alone', MREMAP_DONTUNMAP, BASE, 1, 1, THERE, 'EINVAL'],
    ['MREMAP_DONTUNMAP with another length', KEPT, BASE, 2, 1, THERE, 'EINVAL'],
    ['lengths that differ within a page', KEPT, BASE, 1, 1.5, THERE, 'EINVAL'],
    ['an address that is not aligned', FIXED, BASE + 1, 1, 1, THERE, 'EINVAL'],
    ['no new length', FIXED, BASE, 1, 0, THERE, 'EINVAL'],
    ['nothing mapped, before the new address', FIXED, THERE, 1, 1, 1, 'EFAULT'],
    ['a new address that is not aligned', FIXED, BASE, 1, 1, THERE + 1, 'EINVAL'],
    ['a hint that is not aligned', KEPT, BASE, 1, 1, THERE + 1, 'EINVAL'],
    ['a place at the end', FIXED, BASE, 1, 2, 0x4000000000 - PAGE_SIZE, 'EINVAL'],
    ['a place beyond', FIXED, BASE, 1, 1, 2 ** 63, 'EINVAL'],
    ['longer than the address space', FIXED, BASE, 1, 2 ** 40, THERE, 'EINVAL'],
    ['overlap from below', FIXED, BASE, 2, 2, BASE + PAGE_SIZE, 'EINVAL'],
    ['overlap from above', FIXED, BASE + PAGE_SIZE, 2, 2, BASE, 'EINVAL'],
    ['the same place', FIXED, BASE, 1, 1, BASE, 'EINVAL'],
    ['private memory twice', FIXED, BASE, 0, 1, THERE, 'EINVAL'],
    ['more than one area', FIXED, BASE, 5, 6, THERE, 'EFAULT'],
    ['an old length beyond the address space', FIXED, BASE, 2 ** 40, 1, 0x30000000, 'EINVAL'],
  ])('%s', (_, flags, at, from, to, place, errno) => {
    const call = () => process.mremap(at, from * PAGE_SIZE, to * PAGE_SIZE, flags, place);
    expect(errnoOf(call)).toBe(errno);
    expect(areas(BASE)).toEqual([[0, 4]]);
  });

  test('fewer than 6 areas below vm.max_map_count', () => {
    // [vvar] and [vdso] are areas, too.
    const small = new Machine({ maxMapCount: 9 });
    process = small.spawn();
    mapAnonymous(process, 1, RW, { address: BASE });
    expect(remap(0, 1, 1, FIXED)).toBe(THERE);
    mapAnonymous(process, 1, RW, { address: BASE });
    expect(errnoOf(() => remap(0, 1, 1, FIXED, THERE + 4 * PAGE_SIZE))).toBe('ENOMEM');
    expect(areas(BASE)).toEqual([[0, 1]]);
  });

  test('to shrink by more than the address space has', () => {
    expect(errnoOf(() => remap(0, 2 ** 40, 1, 0))).toBe('EINVAL');
    expect(areas(BASE)).toEqual([[0, 4]]);
  });
});

describe('without an MMU', () => {
  test('MREMAP_FIXED only with the same address, other flags do not count', () => {
    process = new Machine({ mmu: false }).spawn();
    const at = mapAnonymous(process, 4, RW);
    const call = (flags: number, to: number) =>
      process.mremap(at, 4 * PAGE_SIZE, 4 * PAGE_SIZE, flags, to);
    expect(call(MREMAP_FIXED, at)).toBe(at);
    expect(errnoOf(() => call(FIXED, at + PAGE_SIZE))).toBe('EINVAL');
    expect(call(MREMAP_DONTUNMAP | 64, 0)).toBe(at);
  });
});

test('[vvar] moves as a whole; munmap, mprotect and mremap do not split it', () => {
  const special = areasIn(process.mm, 0, 0x4000000000).find(({ line }) => line.endsWith('[vvar]'))!;
  const { start, end } = special;
  expect(end - start).toBe(2 * PAGE_SIZE);
  expect(
    errnoOf(() => {
      process.munmap(start, PAGE_SIZE);
    }),
  ).toBe('EINVAL');
  expect(
    errnoOf(() => {
      process.mprotect(start, PAGE_SIZE, PROT_NONE);
    }),
  ).toBe('EINVAL');
  expect(errnoOf(() => process.mremap(start, PAGE_SIZE, PAGE_SIZE, FIXED, THERE))).toBe('EINVAL');
  expect(process.mremap(start, end - start, end - start, FIXED, THERE)).toBe(THERE);
  expect(areas(THERE)).toEqual([[0, 2]]);
  process.munmap(THERE, end - start);
  expect(areas(THERE)).toEqual([]);
});

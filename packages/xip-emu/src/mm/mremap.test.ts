import { beforeEach, expect, test } from 'vitest';
import { mapAnonymous, mapFile, mmOf, romMachine } from '../../../../test/helpers/emulator.js';
import { kernelImage } from '../../../../test/helpers/kernel-images.js';
import type { Machine } from '../machine.js';
import {
  MAP_NORESERVE,
  MAP_PRIVATE,
  MAP_SHARED,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
} from '../memory-map.js';
import type { Process } from '../process.js';
import { accountMachine } from '../report/accounting.js';
import { areasIn } from '../report/areas.js';
import { pagesIn } from '../report/pages.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';
import { validateMm } from './validate.js';

const BASE = 0x40000000;
const RW = PROT_READ | PROT_WRITE;

let machine: Machine;
beforeEach(() => {
  machine = romMachine(kernelImage('basic'), { faultAround: PAGE_SIZE });
});

function remap(process: Process, page: number, from: number, to: number, mayMove = false): number {
  const flags = mayMove ? MREMAP_MAYMOVE : 0;
  try {
    return process.mremap(BASE + page * PAGE_SIZE, from * PAGE_SIZE, to * PAGE_SIZE, flags);
  } finally {
    validateMm(mmOf(process));
  }
}

function areas(process: Process): [start: number, end: number][] {
  return areasIn(process.mm, 0, 0x60000000).map(({ start, end }) => [start, end]);
}

test('grows in place, up to the next area, and merges with it', () => {
  const process = machine.spawn();
  mapAnonymous(process, 2, RW, { address: BASE });
  mapAnonymous(process, 1, RW, { address: BASE + 6 * PAGE_SIZE });
  expect(remap(process, 0, 2, 4)).toBe(BASE);
  expect(() => remap(process, 0, 4, 7)).toThrow('ENOMEM');
  expect(remap(process, 0, 4, 6)).toBe(BASE);
  expect(areas(process)).toEqual([[BASE, BASE + 7 * PAGE_SIZE]]);
  process.store(BASE + 6 * PAGE_SIZE, 7);
  mapAnonymous(process, 1, RW, { address: BASE + 8 * PAGE_SIZE });
  expect(remap(process, 0, 7, 8)).toBe(BASE);
  // The next area has no pages yet, and cannot share the history of this one.
  expect(areas(process)).toHaveLength(2);
  expect(process.load(BASE + 6 * PAGE_SIZE)).toBe(7);
});

test('moves with its pages: copies, page cache and ROM', () => {
  const process = machine.spawn();
  mapAnonymous(process, 2, RW, { address: BASE });
  process.store(BASE + PAGE_SIZE + 5, 9);
  mapAnonymous(process, 1, PROT_NONE, { address: BASE + 2 * PAGE_SIZE });
  const moved = remap(process, 0, 2, 8, true);
  expect(moved).toBeGreaterThan(0x100000000);
  expect(process.load(moved + PAGE_SIZE + 5)).toBe(9);
  expect(() => process.load(BASE)).toThrow('MAPERR');

  mapFile(process, '/rom/gap-6p', 8, PROT_READ, { address: BASE });
  const [first, last] = [process.load(BASE), process.load(BASE + 5 * PAGE_SIZE)];
  // It cannot grow in place: a VM_MIXEDMAP area never merges, not even with more of itself.
  expect(() => remap(process, 0, 8, 12, true)).toThrow('ENOMEM');
  mapAnonymous(process, 1, PROT_NONE, { address: BASE + 8 * PAGE_SIZE });
  const before = accountMachine(machine);
  const file = remap(process, 0, 8, 12, true);
  expect([process.load(file), process.load(file + 5 * PAGE_SIZE)]).toEqual([first, last]);
  expect(accountMachine(machine)).toMatchObject({
    romPages: before.romPages,
    pageCachePages: before.pageCachePages,
    anonymousPages: before.anonymousPages,
  });
  expect(pagesIn(process.mm, file, 6 * PAGE_SIZE).map(({ backing }) => backing)).toEqual([
    'rom',
    'rom',
    'rom',
    'none',
    'none',
    'page-cache',
  ]);
  process.exit();
  expect(accountMachine(machine)).toMatchObject({ romPages: 0, anonymousPages: 0 });
});

test('a part of an area moves out of it', () => {
  const process = machine.spawn();
  mapAnonymous(process, 6, RW, { address: BASE });
  for (let page = 0; page < 6; page += 1) process.store(BASE + page * PAGE_SIZE, page);
  const moved = remap(process, 2, 2, 3, true);
  expect(areas(process)).toEqual([
    [BASE, BASE + 2 * PAGE_SIZE],
    [BASE + 4 * PAGE_SIZE, BASE + 6 * PAGE_SIZE],
  ]);
  const values = [0, 1, 2].map((page) => process.load(moved + page * PAGE_SIZE));
  expect(values).toEqual([2, 3, 0]);
});

test('memory that nobody has touched joins what is at its new place; touched memory does not', () => {
  for (const touched of [false, true]) {
    const process = machine.spawn();
    mapAnonymous(process, 2, RW, { address: BASE });
    if (touched) process.store(BASE, 1);
    mapAnonymous(process, 1, PROT_NONE, { address: BASE + 2 * PAGE_SIZE });
    const neighbour = mapAnonymous(process, 1, RW);
    const moved = remap(process, 0, 2, 3, true);
    expect(moved + 3 * PAGE_SIZE).toBe(neighbour);
    expect(areasIn(process.mm, moved, neighbour + 1)).toHaveLength(touched ? 2 : 1);
  }
});

test('shrinks; impossible requests, and why', () => {
  const process = machine.spawn();
  mapAnonymous(process, 4, RW, { address: BASE });
  expect(remap(process, 0, 4, 2)).toBe(BASE);
  expect(areas(process)).toEqual([[BASE, BASE + 2 * PAGE_SIZE]]);
  expect(() => remap(process, 0, 4, 6)).toThrow('EFAULT: more than one area');
  expect(() => remap(process, 2, 1, 2)).toThrow('EFAULT: nothing is mapped there');
  expect(() => remap(process, 0, 0, 2, true)).toThrow('EINVAL');
  expect(() => remap(process, 0, 2, 0)).toThrow('EINVAL');
  expect(() => process.mremap(BASE + 1, PAGE_SIZE, PAGE_SIZE)).toThrow('EINVAL');

  const direct = { address: BASE + 16 * PAGE_SIZE };
  mapFile(process, '/rom/direct-7p-zerotail', 7, PROT_READ, direct);
  expect(() => remap(process, 16, 7, 8, true)).toThrow('EFAULT: the area must not grow');
  expect(remap(process, 16, 7, 3)).toBe(direct.address);
});

test('an old length of 0 gives shared memory a second place', () => {
  const process = machine.spawn();
  const shared = { address: BASE, flags: MAP_SHARED };
  mapAnonymous(process, 2, RW, shared);
  process.store(BASE, 42);
  const second = remap(process, 0, 0, 2, true);
  expect(second).not.toBe(BASE);
  expect(process.load(second)).toBe(42);
  process.store(second + PAGE_SIZE, 43);
  expect(process.load(BASE + PAGE_SIZE)).toBe(43);
});

test('a table of the old place that lies across two of the new one gives two, however long the area is', () => {
  const process = machine.spawn();
  const { pageTable } = mmOf(process);
  const before = pageTable.leaves;
  const pages = 2 ** 22;
  mapAnonymous(process, pages, RW, { flags: MAP_PRIVATE | MAP_NORESERVE, address: BASE });
  process.store(BASE + 5 * PAGE_SIZE, 1);
  process.store(BASE + (pages - 1) * PAGE_SIZE, 2);
  expect(pageTable.leaves).toBe(before + 2);
  const to = BASE + 2 ** 35 + (pageTable.entries / 2) * PAGE_SIZE;
  const length = pages * PAGE_SIZE;
  expect(process.mremap(BASE, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, to)).toBe(to);
  expect(pageTable.leaves).toBe(before + 4);
  expect([process.load(to + 5 * PAGE_SIZE), process.load(to + length - PAGE_SIZE)]).toEqual([1, 2]);
  validateMm(mmOf(process));
});

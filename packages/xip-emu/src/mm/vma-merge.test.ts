import { describe, expect, test } from 'vitest';
import { mapAnonymous, mapFile, mmOf, romMachine } from '../../../../test/helpers/emulator.js';
import { kernelImage } from '../../../../test/helpers/kernel-images.js';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
} from '../memory-map.js';
import type { Process } from '../process.js';
import { areasIn } from '../report/areas.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';
import { validateMm } from './validate.js';

const BASE = 0x40000000;
const RW = PROT_READ | PROT_WRITE;
const machine = romMachine(kernelImage('basic'));

/** The areas at BASE as `pages permissions`. */
function areas(process: Process): string {
  validateMm(mmOf(process));
  return areasIn(process.mm, BASE, BASE + 0x1000000)
    .map(({ start, end, permissions }) => {
      const [from, to] = [start, end].map((at) => (at - BASE) / PAGE_SIZE);
      return `${from}-${to} ${permissions}`;
    })
    .join(', ');
}

function map(process: Process, page: number, pages: number, prot = RW): void {
  mapAnonymous(process, pages, prot, { address: BASE + page * PAGE_SIZE });
}

function protect(process: Process, page: number, pages: number, prot: number): void {
  process.mprotect(BASE + page * PAGE_SIZE, pages * PAGE_SIZE, prot);
}

function store(process: Process, ...pages: readonly number[]): void {
  for (const page of pages) process.store(BASE + page * PAGE_SIZE, 1);
}

describe('a new range', () => {
  test('joins the area below, above, and both', () => {
    const process = machine.spawn();
    map(process, 0, 2);
    map(process, 2, 2);
    expect(areas(process)).toBe('0-4 rw-p');
    map(process, 8, 2);
    map(process, 6, 2);
    expect(areas(process)).toBe('0-4 rw-p, 6-10 rw-p');
    map(process, 4, 2);
    expect(areas(process)).toBe('0-10 rw-p');
    map(process, 4, 2, PROT_READ);
    expect(areas(process)).toBe('0-4 rw-p, 4-6 r--p, 6-10 rw-p');
  });

  test('of a file only if the pages of the file go on', () => {
    const process = machine.spawn();
    const file = process.open('/rom/allcomp-9p');
    const mapAt = (page: number, offset: number): void => {
      const options = { address: BASE + page * PAGE_SIZE, file, offset: offset * PAGE_SIZE };
      process.mmap(2 * PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_FIXED, options);
    };
    mapAt(2, 2);
    mapAt(4, 4);
    mapAt(0, 0);
    mapAt(6, 4);
    expect(areas(process)).toBe('0-6 r--p, 6-8 r--p');
    // The same file, opened again.
    const prot = { pgoff: 6, address: BASE + 8 * PAGE_SIZE };
    mapFile(process, '/rom/allcomp-9p', 1, PROT_READ, prot);
    expect(areas(process)).toBe('0-6 r--p, 6-8 r--p, 8-9 r--p');
  });

  test('does not join neighbours with anonymous pages of different origin', () => {
    const process = machine.spawn();
    map(process, 0, 1);
    map(process, 2, 1);
    store(process, 0, 2);
    map(process, 1, 1);
    expect(areas(process)).toBe('0-2 rw-p, 2-3 rw-p');
    // If it were written first, the middle would take over the anon_vma of its neighbour.
    const other = machine.spawn();
    map(other, 0, 1);
    store(other, 0);
    map(other, 1, 1);
    map(other, 2, 1);
    store(other, 2);
    expect(areas(other)).toBe('0-3 rw-p');
  });

  test('does not join an area that a fork has copied with pages', () => {
    const parent = machine.spawn();
    map(parent, 0, 1);
    map(parent, 4, 1);
    store(parent, 0);
    const child = machine.fork(parent);
    map(child, 1, 1);
    map(child, 5, 1);
    expect(areas(child)).toBe('0-1 rw-p, 1-2 rw-p, 4-6 rw-p');
    map(parent, 1, 1);
    expect(areas(parent)).toBe('0-2 rw-p, 4-5 rw-p');
  });
});

describe('a range that gets other permissions', () => {
  /** Ten pages, of which the parts `read` are read-only; then a step. */
  function after(read: readonly (readonly [number, number])[], step: [number, number, number]) {
    const process = machine.spawn();
    map(process, 0, 10);
    for (const [page, pages] of read) protect(process, page, pages, PROT_READ);
    protect(process, ...step);
    return areas(process);
  }

  test.each([
    ['splits three ways', [], [3, 4, PROT_NONE], '0-3 rw-p, 3-7 ---p, 7-10 rw-p'],
    ['gives its start to the area below', [[0, 4]], [4, 2, PROT_READ], '0-6 r--p, 6-10 rw-p'],
    ['gives its end to the area above', [[6, 4]], [4, 2, PROT_READ], '0-4 rw-p, 4-10 r--p'],
    ['goes into the area below', [[3, 4]], [3, 4, RW], '0-10 rw-p'],
    [
      'closes the gap',
      [
        [0, 3],
        [7, 3],
      ],
      [3, 4, PROT_READ],
      '0-10 r--p',
    ],
    [
      'takes areas as they come',
      [
        [2, 2],
        [6, 2],
      ],
      [1, 8, PROT_READ],
      '0-1 rw-p, 1-9 r--p, 9-10 rw-p',
    ],
    ['stays as it is', [[2, 2]], [0, 2, RW], '0-2 rw-p, 2-4 r--p, 4-10 rw-p'],
  ] as const)('%s', (_, read, step, expected) => {
    expect(after(read, [...step])).toBe(expected);
  });

  test('direct mappings stay split', () => {
    const process = machine.spawn();
    mapFile(process, '/rom/direct-7p-zerotail', 7, PROT_READ, { address: BASE });
    protect(process, 2, 2, PROT_NONE);
    protect(process, 2, 2, PROT_READ);
    expect(areas(process)).toBe('0-2 r--p, 2-4 r--p, 4-7 r--p');
  });
});

test('vm.max_map_count: a call that would split an area is refused, and changes nothing', () => {
  const small = romMachine(kernelImage('basic'), { maxMapCount: 5 });
  const process = small.spawn();
  map(process, 0, 10);
  // [vvar], [vdso], and two more of this one.
  protect(process, 9, 1, PROT_READ);
  protect(process, 0, 1, PROT_READ);
  expect(areas(process)).toBe('0-1 r--p, 1-9 rw-p, 9-10 r--p');
  expect(() => {
    protect(process, 4, 1, PROT_READ);
  }).toThrow('ENOMEM');
  expect(() => {
    process.munmap(BASE + 4 * PAGE_SIZE, PAGE_SIZE);
  }).toThrow('ENOMEM');
  expect(areas(process)).toBe('0-1 r--p, 1-9 rw-p, 9-10 r--p');
  process.munmap(BASE + 8 * PAGE_SIZE, 2 * PAGE_SIZE);
  const flags = MAP_PRIVATE | MAP_ANONYMOUS;
  process.mmap(PAGE_SIZE, PROT_READ, flags);
  expect(process.mmap(PAGE_SIZE, PROT_NONE, flags)).toBeGreaterThan(0);
  expect(() => process.mmap(PAGE_SIZE, RW, flags)).toThrow('ENOMEM');
});

import { beforeEach, expect, test } from 'vitest';
import { mapAnonymous, mapFile, mmOf, romMachine } from '../../../../test/helpers/emulator.js';
import { kernelImage } from '../../../../test/helpers/kernel-images.js';
import type { Machine } from '../machine.js';
import { PROT_READ, PROT_WRITE } from '../memory-map.js';
import type { Process } from '../process.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';

const basic = kernelImage('basic');
const ADDRESS = 0x40000000;
/** Nine compressed pages. */
const FILE = '/rom/allcomp-9p';
const LAST = 8;

let machine: Machine;
let process: Process;

beforeEach(() => {
  machine = romMachine(basic, { faultAround: 16 * PAGE_SIZE });
  process = machine.spawn();
});

function touch(page: number): void {
  process.load(ADDRESS + page * PAGE_SIZE);
}

function mappedPages(): number[] {
  const { pageTable } = mmOf(process);
  return Array.from({ length: LAST + 1 }, (_, page) => page).filter(
    (page) => pageTable.get(ADDRESS / PAGE_SIZE + page) !== 0,
  );
}

/** Reads pages of the file into the page cache. */
function cache(...pages: readonly number[]): void {
  const file = process.open(FILE);
  for (const page of pages) process.pread(file, page * PAGE_SIZE, new Uint8Array(1));
  process.close(file);
}

test('a page that is read costs a second round, which finds it among its neighbours', () => {
  cache(2, LAST);
  mapFile(process, FILE, LAST + 1, PROT_READ, { address: ADDRESS });
  touch(5);
  expect(mappedPages()).toEqual([2, 5, LAST]);
});

test('the last page alone is not a neighbour where a page table is missing', () => {
  cache(LAST);
  const address = mapFile(process, FILE, LAST + 3, PROT_READ, { address: ADDRESS });
  expect(address).toBe(ADDRESS);
  expect(() => {
    touch(LAST + 2);
  }).toThrow('SIGBUS');
  expect(mappedPages()).toEqual([]);
});

test('with a page table it is one', () => {
  cache(LAST);
  const near = mapAnonymous(process, 1, PROT_READ, { address: ADDRESS + 64 * PAGE_SIZE });
  process.load(near);
  mapFile(process, FILE, LAST + 3, PROT_READ, { address: ADDRESS });
  expect(() => {
    touch(LAST + 2);
  }).toThrow('SIGBUS');
  expect(mappedPages()).toEqual([LAST]);
});

test('a fork copies page tables, be they empty by then', () => {
  cache(LAST);
  const near = mapAnonymous(process, 1, PROT_READ | PROT_WRITE, {
    address: ADDRESS + 64 * PAGE_SIZE,
  });
  process.store(near, 1);
  process.madvise(near, PAGE_SIZE, 'dontneed');
  mapFile(process, FILE, LAST + 3, PROT_READ, { address: ADDRESS });
  process = machine.fork(process);
  expect(() => {
    touch(LAST + 2);
  }).toThrow('SIGBUS');
  expect(mappedPages()).toEqual([LAST]);
});

import { openImage } from 'cramfs-reader';
import { beforeEach, describe, expect, test } from 'vitest';
import { mapAnonymous, mapFile, mmOf, romMachine } from '../../../../test/helpers/emulator.js';
import { kernelImage } from '../../../../test/helpers/kernel-images.js';
import { buildRawImage, file, text } from '../../../../test/helpers/raw-image.js';
import type { Machine } from '../machine.js';
import {
  MAP_ANONYMOUS,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_EXEC,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
  type Advice,
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
let process: Process;
beforeEach(() => {
  machine = romMachine(kernelImage('basic'), { faultAround: PAGE_SIZE });
  process = machine.spawn();
});

function advise(page: number, pages: number, advice: Advice): void {
  try {
    process.madvise(BASE + page * PAGE_SIZE, pages * PAGE_SIZE, advice);
  } finally {
    validateMm(mmOf(process));
  }
}

function backings(pages: number): string {
  return pagesIn(process.mm, BASE, pages * PAGE_SIZE)
    .map(({ backing }) => backing)
    .join(' ');
}

function flags(): (string | undefined)[] {
  return areasIn(process.mm, BASE, BASE + 0x1000000).map(({ vmFlags }) => vmFlags);
}

describe('dontneed', () => {
  test('anonymous memory is zero again, a private file as stored, shared memory unchanged', () => {
    const file = BASE + 0x10000;
    const shared = BASE + 0x20000;
    mapAnonymous(process, 1, RW, { address: BASE });
    mapFile(process, '/rom/allcomp-9p', 1, RW, { address: file });
    mapAnonymous(process, 1, RW, { address: shared, flags: MAP_SHARED });
    const stored = process.load(file);
    for (const at of [BASE, file, shared]) process.store(at, (stored + 1) & 255);
    for (const at of [BASE, file, shared]) process.madvise(at, PAGE_SIZE, 'dontneed');
    expect([BASE, file, shared].map((at) => process.load(at))).toEqual([
      0,
      stored,
      (stored + 1) & 255,
    ]);
    expect(accountMachine(machine)).toMatchObject({ anonymousPages: 0 });
  });

  test('holes are ENOMEM, but everything else is done', () => {
    mapAnonymous(process, 2, RW, { address: BASE });
    mapAnonymous(process, 2, RW, { address: BASE + 4 * PAGE_SIZE });
    process.store(BASE, 1);
    process.store(BASE + 5 * PAGE_SIZE, 1);
    expect(() => {
      advise(0, 8, 'dontneed');
    }).toThrow('ENOMEM');
    expect([process.load(BASE), process.load(BASE + 5 * PAGE_SIZE)]).toEqual([0, 0]);
  });

  test('an area that refuses ends it: later areas are unchanged', () => {
    mapAnonymous(process, 1, RW, { address: BASE });
    mapFile(process, '/rom/direct-7p-zerotail', 7, PROT_READ, { address: BASE + PAGE_SIZE });
    mapAnonymous(process, 1, RW, { address: BASE + 8 * PAGE_SIZE });
    process.store(BASE, 1);
    process.store(BASE + 8 * PAGE_SIZE, 1);
    expect(() => {
      advise(0, 9, 'dontneed');
    }).toThrow('EINVAL');
    expect([process.load(BASE), process.load(BASE + 8 * PAGE_SIZE)]).toEqual([0, 1]);
  });
});

test('random and sequential split areas; normal puts them together again', () => {
  mapAnonymous(process, 6, RW, { address: BASE });
  advise(2, 2, 'random');
  advise(4, 1, 'sequential');
  expect(flags()).toEqual([
    'rd wr mr mw me ac',
    'rd wr mr mw me rr ac',
    'rd wr mr mw me sr ac',
    'rd wr mr mw me ac',
  ]);
  advise(0, 6, 'normal');
  expect(flags()).toEqual(['rd wr mr mw me ac']);
});

test('free: a page is kept until the memory is needed, and a store takes it back', () => {
  mapAnonymous(process, 2, RW, { address: BASE });
  process.store(BASE, 1);
  process.store(BASE + PAGE_SIZE, 2);
  advise(0, 2, 'free');
  const lazy = (): number => areasIn(process.mm, BASE, BASE + 1)[0]!.counts!.lazyFree / PAGE_SIZE;
  expect(lazy()).toBe(2);
  process.store(BASE, 3);
  expect(lazy()).toBe(1);
  expect([process.load(BASE), process.load(BASE + PAGE_SIZE)]).toEqual([3, 2]);
  mapFile(process, '/rom/gap-6p', 2, RW, { address: BASE });
  expect(() => {
    advise(0, 1, 'free');
  }).toThrow('EINVAL: not anonymous');
});

test('willneed reads as much as the device says: nothing on an MTD, 320 pages on a disk', () => {
  mapFile(process, '/rom/allcomp-9p', 9, PROT_READ, { address: BASE });
  advise(2, 4, 'willneed');
  expect(accountMachine(machine).pageCachePages).toBe(0);

  const { bytes } = buildRawImage({ f: file(text(400 * PAGE_SIZE)) });
  machine.mountCramfs('/disk', openImage(bytes));
  mapFile(process, '/disk/f', 400, PROT_READ, { address: BASE });
  advise(20, 2, 'willneed');
  advise(30, 370, 'willneed');
  expect(backings(400)).not.toContain('page-cache');
  const cached = process.mincore(BASE, 400 * PAGE_SIZE).join('');
  const none = (pages: number): string => '0'.repeat(pages);
  expect(cached).toBe(`${none(20)}11${none(8)}${'1'.repeat(320)}${none(50)}`);
});

describe('populate', () => {
  test('reads or writes each page; says why it cannot', () => {
    mapFile(process, '/rom/gap-6p', 8, RW, { address: BASE });
    advise(0, 2, 'populate_r');
    advise(2, 2, 'populate_w');
    expect(backings(5)).toBe('page-cache page-cache anonymous anonymous none');
    const failing = (page: number, pages: number, advice: Advice) => () => {
      advise(page, pages, advice);
    };
    expect(failing(4, 4, 'populate_r')).toThrow('EFAULT');
    expect(backings(6)).toMatch(/page-cache page-cache$/);
    expect(failing(7, 2, 'populate_r')).toThrow(/EFAULT|ENOMEM/);
    expect(failing(8, 1, 'populate_r')).toThrow('ENOMEM');
    process.mprotect(BASE, PAGE_SIZE, PROT_READ);
    expect(failing(0, 1, 'populate_w')).toThrow('EINVAL');
    process.mprotect(BASE, PAGE_SIZE, PROT_NONE);
    expect(failing(0, 1, 'populate_r')).toThrow('EINVAL');
    mapFile(process, '/rom/direct-7p-zerotail', 7, PROT_READ, { address: BASE });
    expect(failing(0, 1, 'populate_r')).toThrow('EINVAL');
  });

  test('MAP_POPULATE: copies where they may be written, no error where there is nothing', () => {
    const populated = (path: string | undefined, pages: number, prot: number): string => {
      const flags = MAP_PRIVATE | MAP_POPULATE;
      const at =
        path === undefined
          ? process.mmap(pages * PAGE_SIZE, prot, flags | MAP_ANONYMOUS)
          : mapFile(process, path, pages, prot, { flags });
      const reports = pagesIn(process.mm, at, pages * PAGE_SIZE);
      return reports.map(({ backing }) => backing).join(' ');
    };
    expect(populated('/rom/allcomp-9p', 2, RW)).toBe('anonymous anonymous');
    expect(populated('/rom/allcomp-9p', 2, PROT_EXEC)).toBe('page-cache page-cache');
    expect(populated('/rom/gap-6p', 8, PROT_READ)).toBe(
      'rom rom rom page-cache page-cache page-cache none none',
    );
    expect(populated(undefined, 2, PROT_READ)).toBe('zero zero');
    expect(populated(undefined, 1, PROT_NONE)).toBe('none');
  });
});

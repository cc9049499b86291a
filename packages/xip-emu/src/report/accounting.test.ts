import { openImage } from 'cramfs-reader';
import { expect, test } from 'vitest';
import { buildDialectImage, stickyExtent } from '../../../../test/helpers/dialect-images.js';
import { mapAnonymous, mapFile, mmOf, romMachine } from '../../../../test/helpers/emulator.js';
import { kernelImage } from '../../../../test/helpers/kernel-images.js';
import { noise } from '../../../../test/helpers/raw-image.js';
import { MAP_SHARED, PROT_EXEC, PROT_READ, PROT_WRITE } from '../memory-map.js';
import type { TraceEvent } from '../trace.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';
import { accountMachine } from './accounting.js';

const basic = kernelImage('basic');
const RW = PROT_READ | PROT_WRITE;

test('a fully mapped XIP file costs no page-cache page and no fault', () => {
  const machine = romMachine(basic);
  const events: TraceEvent[] = [];
  const process = machine.spawn();
  const at = mapFile(process, '/rom/direct-7p-zerotail', 7, PROT_READ | PROT_EXEC);
  machine.trace.sink = (event) => events.push(event);
  for (let page = 0; page < 7; page += 1) process.load(at + page * PAGE_SIZE);
  expect(events).toEqual([]);
  expect(accountMachine(machine)).toEqual({
    romPages: 7,
    pageCachePages: 0,
    anonymousPages: 0,
    ramBytes: 0,
    savedBytes: 7 * PAGE_SIZE,
    sharingSavedBytes: 0,
    files: [
      {
        path: '/rom/direct-7p-zerotail',
        fs: 'cramfs',
        ino: 36864,
        romPages: 7,
        pageCachePages: 0,
        sharedCachePages: 0,
        copyPages: 0,
        savedBytes: 7 * PAGE_SIZE,
      },
    ],
    processes: [{ pid: 1, romPages: 7, pageCachePages: 0, anonymousPages: 0, pageTablePages: 1 }],
  });
  process.exit();
  expect(accountMachine(machine)).toMatchObject({ romPages: 0, files: [], processes: [] });
});

test('the same file from a block device is all page cache', () => {
  const machine = romMachine(basic, { faultAround: PAGE_SIZE });
  machine.mountCramfs('/disk', openImage(basic));
  const process = machine.spawn();
  const at = mapFile(process, '/disk/direct-7p-zerotail', 7, PROT_READ);
  for (let page = 0; page < 5; page += 1) process.load(at + page * PAGE_SIZE);
  expect(accountMachine(machine)).toMatchObject({
    romPages: 0,
    pageCachePages: 5,
    ramBytes: 5 * PAGE_SIZE,
    savedBytes: 0,
    processes: [{ pageCachePages: 5, anonymousPages: 0 }],
  });
});

test('ROM pages shared by processes count once, copies and cached pages save nothing', () => {
  const machine = romMachine(basic, { faultAround: PAGE_SIZE });
  const parent = machine.spawn();
  const mixed = mapFile(parent, '/rom/gap-6p', 6, PROT_READ);
  const heap = mapAnonymous(parent, 4, RW);
  parent.store(heap, 1);
  parent.load(mixed + 5 * PAGE_SIZE);
  const child = machine.fork(parent);
  parent.mprotect(mixed, PAGE_SIZE, RW);
  parent.store(mixed, 1);
  const account = accountMachine(machine);
  expect(account).toMatchObject({
    romPages: 3,
    pageCachePages: 1,
    anonymousPages: 2,
    ramBytes: 3 * PAGE_SIZE,
    savedBytes: 3 * PAGE_SIZE,
    processes: [
      { pid: 1, romPages: 2, pageCachePages: 1, anonymousPages: 2 },
      { pid: 2, romPages: 3, pageCachePages: 1, anonymousPages: 1 },
    ],
  });
  // read(2) copies to RAM what is mapped from ROM: nothing is saved now.
  const file = child.open('/rom/gap-6p');
  child.pread(file, 0, new Uint8Array(6 * PAGE_SIZE));
  child.close(file);
  expect(accountMachine(machine)).toMatchObject({ romPages: 3, pageCachePages: 6, savedBytes: 0 });
  expect(mmOf(child).pageTable.leaves).toBe(1);
});

test.each(['linux-linear-xip', 'linux-asxipfs'] as const)(
  '%s: pages of a file in one piece save what they take of the page cache until read(2) has them there',
  (policy) => {
    const flags = policy === 'linux-linear-xip' ? 3 : 0x803;
    const tree = { a: { mode: 0o101755, content: noise(2 * PAGE_SIZE + 100, 1) } };
    const image = buildDialectImage(tree, { flags, extent: stickyExtent });
    const machine = romMachine(image, { policy });
    const process = machine.spawn();
    const at = mapFile(process, '/rom/a', 3, PROT_READ);
    for (let page = 0; page < 3; page += 1) process.load(at + page * PAGE_SIZE);
    expect(accountMachine(machine)).toMatchObject({ romPages: 3, savedBytes: 3 * PAGE_SIZE });
    const file = process.open('/rom/a');
    process.pread(file, PAGE_SIZE, new Uint8Array(PAGE_SIZE));
    process.close(file);
    const saved = { romPages: 3, pageCachePages: 1, savedBytes: 2 * PAGE_SIZE };
    expect(accountMachine(machine)).toMatchObject(saved);
  },
);

test('without MMU: a region in ROM saves the copy, others are copies', () => {
  const machine = romMachine(basic, { mmu: false });
  const process = machine.spawn();
  mapFile(process, '/rom/unaligned8-4p', 4, PROT_READ);
  mapFile(process, '/rom/direct-7p-zerotail', 7, PROT_READ, { flags: MAP_SHARED });
  mapFile(process, '/rom/allcomp-9p', 2, PROT_READ);
  mapAnonymous(process, 3, RW);
  expect(accountMachine(machine)).toMatchObject({
    romPages: 11,
    savedBytes: 11 * PAGE_SIZE,
    processes: [{ romPages: 11, anonymousPages: 5 }],
    files: [
      { path: '/rom/direct-7p-zerotail', romPages: 7 },
      { path: '/rom/unaligned8-4p', romPages: 4 },
      { path: '/rom/allcomp-9p', romPages: 0, copyPages: 2, savedBytes: 0 },
    ],
  });
});

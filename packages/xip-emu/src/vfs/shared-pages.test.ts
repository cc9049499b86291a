import { openImage } from 'cramfs-reader';
import { expect, test } from 'vitest';
import { mapFile, mmOf } from '../../../../test/helpers/emulator.js';
import { buildRawImage, file, text, type RawTree } from '../../../../test/helpers/raw-image.js';
import { Machine } from '../machine.js';
import { PROT_READ, PROT_WRITE } from '../memory-map.js';
import { pteFrame } from '../mm/pte.js';
import type { PolicyName } from '../policy.js';
import type { Process } from '../process.js';
import { accountMachine, nrBlockdevPages } from '../report/accounting.js';
import { pagesIn } from '../report/pages.js';
import { smapsCounts } from '../mm/task-mmu.js';
import type { TraceEvent } from '../trace.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';
import type { SharedPages } from './shared-pages.js';

const SHARING = 'linux-6.12-shared-page-cache';
const P = PAGE_SIZE;
const content = text(2 * P + 100);

/** `/b` has page 0 and the tail of `/a`, and a page of its own between; `/c` is `/a` but shorter. */
const TREE: RawTree = [
  ['a', file(content, { blocks: 'ZZZ' })],
  [
    'b',
    file(content, {
      blocks: [{ kind: 'Z', sameAs: ['/a', 0] }, 'Z', { kind: 'Z', sameAs: ['/a', 2] }],
    }),
  ],
  [
    'c',
    file(content.subarray(0, 2 * P + 50), {
      blocks: [
        { kind: 'Z', sameAs: ['/a', 1] },
        { kind: 'Z', sameAs: ['/a', 1] },
        { kind: 'Z', sameAs: ['/a', 2] },
      ],
    }),
  ],
];

function diskMachine(tree: RawTree, policy: PolicyName = SHARING): Machine {
  const machine = new Machine({ policy, faultAround: P });
  machine.mountCramfs('/disk', openImage(buildRawImage(tree).bytes));
  return machine;
}

function sharedPagesOf(machine: Machine): SharedPages {
  return machine.mounts.at('/disk')!.sb.sharedPages!;
}

function readAll(process: Process, path: string): Uint8Array {
  const open = process.open(path);
  const bytes = new Uint8Array(open.inode.size);
  process.pread(open, 0, bytes);
  process.close(open);
  return bytes;
}

/** The frames of a mapping, with its pages loaded. */
function framesAt(process: Process, address: number, pages: number): number[] {
  return Array.from({ length: pages }, (_, page) => {
    process.load(address + page * P);
    return pteFrame(mmOf(process).pageTable.get(address / PAGE_SIZE + page));
  });
}

test('cramfs: whole equal pages and tails of one length are one page in memory', () => {
  const machine = diskMachine(TREE);
  const process = machine.spawn();
  const [a, b, c] = ['a', 'b', 'c'].map((name) =>
    framesAt(process, mapFile(process, `/disk/${name}`, 3, PROT_READ), 3),
  ) as [number[], number[], number[]];
  expect([b[0], b[2]]).toEqual([a[0], a[2]]);
  expect(a).not.toContain(b[1]);
  // The same block is twice in one file, and in another file too.
  expect([c[0], c[1]]).toEqual([a[1], a[1]]);
  // A tail that ends elsewhere is another page, though the block is the same.
  expect([...a, ...b]).not.toContain(c[2]);
  sharedPagesOf(machine).validate();
  expect(accountMachine(machine)).toMatchObject({
    pageCachePages: 5,
    ramBytes: 5 * P,
    sharingSavedBytes: 4 * P,
    files: [
      { path: '/disk/c', pageCachePages: 3, sharedCachePages: 2 },
      { path: '/disk/b', pageCachePages: 3, sharedCachePages: 2 },
      { path: '/disk/a', pageCachePages: 3, sharedCachePages: 3 },
    ],
  });
});

test('off: each file has pages of its own', () => {
  const machine = diskMachine(TREE, 'linux-6.12');
  const process = machine.spawn();
  for (const name of ['a', 'b', 'c']) readAll(process, `/disk/${name}`);
  expect(accountMachine(machine)).toMatchObject({ pageCachePages: 9, sharingSavedBytes: 0 });
  expect(machine.mounts.at('/disk')!.sb.sharedPages).toBeUndefined();
});

test('a frame that is mapped by two files counts in both areas by half', () => {
  const machine = diskMachine(TREE);
  const process = machine.spawn();
  const [a, b] = ['a', 'b'].map((name) => mapFile(process, `/disk/${name}`, 3, PROT_READ));
  framesAt(process, a!, 3);
  framesAt(process, b!, 3);
  const mm = mmOf(process);
  for (const address of [a!, b!]) {
    expect(smapsCounts(mm, mm.vmas.vmaAt(address / PAGE_SIZE)!)).toMatchObject({
      rss: 3 * P,
      pss: 2 * P,
      sharedClean: 2 * P,
      privateClean: P,
    });
  }
  process.munmap(a!, 3 * P);
  expect(smapsCounts(mm, mm.vmas.vmaAt(b! / PAGE_SIZE)!)).toMatchObject({
    pss: 3 * P,
    privateClean: 3 * P,
  });
});

test('a private copy of a shared page is private', () => {
  const machine = diskMachine(TREE);
  const process = machine.spawn();
  const a = mapFile(process, '/disk/a', 3, PROT_READ | PROT_WRITE);
  const b = mapFile(process, '/disk/b', 3, PROT_READ);
  framesAt(process, b, 3);
  process.store(a, content[0]! ^ 0xff);
  expect(process.load(a)).toBe(content[0]! ^ 0xff);
  expect(process.load(b)).toBe(content[0]);
  expect(readAll(process, '/disk/a')).toEqual(content);
  expect(pagesIn(process.mm, a, P)).toMatchObject([{ backing: 'anonymous' }]);
  sharedPagesOf(machine).validate();
});

test('drop_caches: a page goes when no file maps it', () => {
  const machine = diskMachine(TREE);
  const { sb } = machine.mounts.at('/disk')!;
  const process = machine.spawn();
  const b = mapFile(process, '/disk/b', 3, PROT_READ);
  readAll(process, '/disk/a');
  framesAt(process, b, 1);
  readAll(process, '/disk/b');
  sb.dropCaches();
  sb.sharedPages!.validate();
  // Page 0 is mapped for /b; /a keeps it, too, which costs nothing.
  expect(accountMachine(machine)).toMatchObject({ pageCachePages: 1, sharingSavedBytes: P });
  expect(readAll(process, '/disk/a')).toEqual(content);
  process.munmap(b, 3 * P);
  sb.dropCaches();
  expect(machine.phys.used).toBe(0);
});

test('what is read for one file is found for the other, also when the first has let go', () => {
  const machine = diskMachine(TREE);
  const events: TraceEvent[] = [];
  machine.trace.sink = (event) => events.push(event);
  const process = machine.spawn();
  readAll(process, '/disk/a');
  readAll(process, '/disk/b');
  expect(events.map((event) => event.type)).toEqual([
    ...['read-folio', 'read-folio', 'read-folio'],
    ...['share-folio', 'read-folio', 'share-folio'],
  ]);
  for (const inode of machine.mounts.at('/disk')!.sb.cachedInodes()) {
    inode.mapping?.evict();
    sharedPagesOf(machine).validate();
  }
  expect(machine.phys.used).toBe(nrBlockdevPages(machine));
});

test('without MMU: read(2) and copies are made from the shared page', () => {
  const machine = new Machine({ policy: SHARING, mmu: false });
  machine.mountCramfs('/disk', openImage(buildRawImage(TREE).bytes));
  const process = machine.spawn();
  for (const name of ['a', 'b']) {
    const at = mapFile(process, `/disk/${name}`, 3, PROT_READ);
    const bytes = new Uint8Array(content.length);
    process.loadRange(at, bytes);
    expect(bytes).toEqual(content);
  }
  expect(accountMachine(machine)).toMatchObject({ pageCachePages: 4, sharingSavedBytes: 2 * P });
});

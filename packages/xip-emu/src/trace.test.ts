import { expect, test } from 'vitest';
import {
  mapAnonymous,
  mapFile,
  memoryOf,
  mountOverlay,
  romMachine,
} from '../../../test/helpers/emulator.js';
import { kernelImage } from '../../../test/helpers/kernel-images.js';
import { execElf } from './exec/elf.js';
import { execNommu } from './exec/nommu-program.js';
import type { Machine } from './machine.js';
import {
  MAP_PRIVATE,
  MAP_SHARED,
  MREMAP_MAYMOVE,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
} from './memory-map.js';
import { NommuMemory } from './nommu/nommu-memory.js';
import type { TraceEvent } from './trace.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from './units.js';

const basic = kernelImage('basic');
const BASE = 0x40000000;
const RW = PROT_READ | PROT_WRITE;

function record(machine: Machine): TraceEvent[] {
  const events: TraceEvent[] = [];
  machine.trace.sink = (event) => events.push(event);
  return events;
}

/** Faults as `kind why place`. */
function faults(events: readonly TraceEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.type !== 'fault') return [];
    const { kind, why, frame, address } = event;
    return [`${kind} ${why} ${frame?.kind ?? '-'} ${(address - BASE) / PAGE_SIZE}`];
  });
}

test('mmap, demand, fault-around, copy on write, signals, munmap', () => {
  const machine = romMachine(basic);
  const process = machine.spawn();
  const events = record(machine);
  mapFile(process, '/rom/gap-6p', 8, PROT_READ, { address: BASE });
  expect(events).toEqual([
    {
      type: 'mmap',
      pid: 1,
      address: BASE,
      length: 8 * PAGE_SIZE,
      prot: PROT_READ,
      flags: MAP_PRIVATE | 0x10,
      path: '/rom/gap-6p',
      pgoff: 0,
      romPages: 3,
    },
  ]);
  process.load(BASE);
  expect(events).toHaveLength(1);
  process.load(BASE + 5 * PAGE_SIZE + 7);
  process.load(BASE + 4 * PAGE_SIZE);
  expect(events.slice(1)).toMatchObject([
    { type: 'read-folio', fs: 'cramfs', ino: 157696, index: 5 },
    { type: 'fault', kind: 'read', why: 'demand', address: BASE + 5 * PAGE_SIZE + 7 },
    { type: 'read-folio', index: 4 },
    { type: 'fault', why: 'demand', frame: { kind: 'page-cache' } },
  ]);
  expect(() => process.load(BASE + 6 * PAGE_SIZE)).toThrow('SIGBUS');
  expect(() => {
    process.store(BASE, 1);
  }).toThrow('SIGSEGV');
  expect(events.slice(-2)).toEqual([
    { type: 'signal', pid: 1, signal: 'SIGBUS', code: 'ADRERR', address: BASE + 6 * PAGE_SIZE },
    { type: 'signal', pid: 1, signal: 'SIGSEGV', code: 'ACCERR', address: BASE },
  ]);

  events.length = 0;
  process.mprotect(BASE, 8 * PAGE_SIZE, RW);
  process.store(BASE + PAGE_SIZE, 1);
  process.store(BASE + 5 * PAGE_SIZE, 1);
  const other = mapFile(process, '/rom/gap-6p', 2, RW, { address: BASE + 0x20000, pgoff: 4 });
  process.load(other);
  expect(faults(events)).toEqual([
    'write cow anonymous 1',
    'write cow anonymous 5',
    'read fault-around page-cache 33',
    'read demand page-cache 32',
  ]);
  process.munmap(BASE, 8 * PAGE_SIZE);
  expect(events.at(-1)).toEqual({ type: 'munmap', pid: 1, address: BASE, length: 8 * PAGE_SIZE });

  machine.trace.sink = undefined;
  const before = events.length;
  process.munmap(other, PAGE_SIZE);
  expect(events).toHaveLength(before);
});

test('anonymous memory, the zero page, and pages that become exclusive again', () => {
  const machine = romMachine(basic);
  const parent = machine.spawn();
  const events = record(machine);
  mapAnonymous(parent, 3, RW, { address: BASE });
  parent.load(BASE);
  parent.store(BASE, 1);
  parent.store(BASE + PAGE_SIZE, 1);
  const child = machine.fork(parent);
  child.store(BASE, 2);
  parent.store(BASE, 3);
  expect(faults(events)).toEqual([
    'read zero-page zero 0',
    'write cow anonymous 0',
    'write anonymous anonymous 1',
    'write cow anonymous 0',
    'write write-enable anonymous 0',
  ]);
});

test('instruction fetches, MADV_POPULATE and the split of the v3 patch', () => {
  const machine = romMachine(basic, {
    policy: 'linux-6.12-v3-vmasplit',
    faultAround: PAGE_SIZE,
  });
  const process = machine.spawn();
  const events = record(machine);
  mapFile(process, '/rom/gap-6p', 6, PROT_READ | PROT_EXEC, { address: BASE });
  memoryOf(process).fetch(BASE + 4 * PAGE_SIZE);
  expect(faults(events)).toEqual(['exec split - 4', 'exec demand page-cache 4']);
  process.madvise(BASE + 3 * PAGE_SIZE, 3 * PAGE_SIZE, 'populate_r');
  expect(faults(events).slice(2)).toEqual(['read demand page-cache 3', 'read demand page-cache 5']);
});

test('copy-up of an overlay', () => {
  const machine = romMachine(basic);
  mountOverlay(machine);
  const process = machine.spawn();
  const events = record(machine);
  process.close(process.open('/ovl/sub/deep/direct-2p', { write: true }));
  expect(events.filter(({ type }) => type === 'copy-up')).toEqual([
    { type: 'copy-up', path: '/sub', size: 0 },
    { type: 'copy-up', path: '/sub/deep', size: 0 },
    { type: 'copy-up', path: '/sub/deep/direct-2p', size: 4105 },
  ]);
});

test('system calls that change the areas, and the life of processes', () => {
  const machine = romMachine(basic);
  const events = record(machine);
  const parent = machine.spawn();
  const at = mapAnonymous(parent, 4, RW, { address: BASE });
  parent.mprotect(at, 2 * PAGE_SIZE, PROT_READ);
  parent.mremap(at + 2 * PAGE_SIZE, 2 * PAGE_SIZE, PAGE_SIZE);
  const moved = parent.mremap(at, PAGE_SIZE, 8 * PAGE_SIZE, MREMAP_MAYMOVE);
  expect(() => {
    parent.mprotect(0, PAGE_SIZE, PROT_READ);
  }).toThrow('ENOMEM');
  const child = machine.fork(parent);
  execElf(child, memoryOf(child), '/rom/bin/xstatic');
  child.exit();
  // execve() reads the file before it gives up the old memory.
  const [mmap, mprotect, shrink, grow, fork, header, exec, ...mappings] = events;
  expect(header).toMatchObject({ type: 'read-folio', index: 0 });
  expect(mmap).toMatchObject({ type: 'mmap', address: BASE });
  expect([mprotect, shrink, grow]).toEqual([
    { type: 'mprotect', pid: 1, address: BASE, length: 2 * PAGE_SIZE, prot: PROT_READ },
    {
      type: 'mremap',
      pid: 1,
      address: BASE + 2 * PAGE_SIZE,
      oldLength: 2 * PAGE_SIZE,
      newAddress: BASE + 2 * PAGE_SIZE,
      newLength: PAGE_SIZE,
    },
    {
      type: 'mremap',
      pid: 1,
      address: BASE,
      oldLength: PAGE_SIZE,
      newAddress: moved,
      newLength: 8 * PAGE_SIZE,
    },
  ]);
  expect(fork).toEqual({ type: 'fork', pid: 1, child: 2 });
  expect(exec).toEqual({ type: 'exec', pid: 2, path: '/rom/bin/xstatic' });
  expect(mappings.filter(({ type }) => type === 'mmap')).toMatchObject([
    { pid: 2, path: '/rom/bin/xstatic', romPages: 5 },
    { pid: 2, path: '/rom/bin/xstatic', romPages: 0 },
  ]);
  expect(mappings.at(-1)).toEqual({ type: 'exit', pid: 2 });
});

test('without MMU: mappings only', () => {
  const machine = romMachine(basic, { mmu: false });
  const process = machine.spawn();
  const events = record(machine);
  const at = mapFile(process, '/rom/direct-7p-zerotail', 7, PROT_READ, { flags: MAP_SHARED });
  process.load(at);
  process.munmap(at, 7 * PAGE_SIZE);
  expect(events).toMatchObject([
    { type: 'mmap', address: 0x2200a000, romPages: 7, pid: 1 },
    { type: 'munmap', address: 0x2200a000, length: 7 * PAGE_SIZE },
  ]);

  events.length = 0;
  const data = mapAnonymous(process, 2, RW);
  process.mremap(data, 2 * PAGE_SIZE, PAGE_SIZE);
  process.exit();
  const started = machine.spawn();
  if (!(started.mm instanceof NommuMemory)) throw new Error('a machine with an MMU');
  execNommu(started, started.mm, '/rom/bin/nflat-flt', { argv: ['nflat'], envp: [] });
  expect(events.filter(({ type }) => type !== 'read-folio')).toMatchObject([
    { type: 'mmap', pid: 1 },
    { type: 'mremap', address: data, newAddress: data, newLength: PAGE_SIZE },
    { type: 'exit', pid: 1 },
    { type: 'exec', pid: 2, path: '/rom/bin/nflat-flt' },
    { type: 'mmap', pid: 2, path: '/rom/bin/nflat-flt' },
    { type: 'mmap', pid: 2, path: undefined },
  ]);
});

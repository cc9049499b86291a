import fc from 'fast-check';
import { openImage } from 'cramfs-reader';
import { describe, expect, test } from 'vitest';
import { kernelImage } from '../../../../test/helpers/kernel-images.js';
import {
  ACCESS_KINDS,
  LinearPages,
  accessBytes,
  accessWithTlb,
  outcomeOf,
  type Accessor,
} from '../../../../test/helpers/processor-access.js';
import { invariant } from '../errno.js';
import { Machine, type MachineOptions } from '../machine.js';
import {
  ADVICE,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
} from '../memory-map.js';
import type { PageBlocks } from '../phys/page-arena.js';
import type { Process } from '../process.js';
import { accountMachine } from '../report/accounting.js';
import { mapsText } from '../report/maps.js';
import type { TraceEvent } from '../trace.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';
import { MmuMemory } from './mmu-memory.js';

/*
 * Two equal machines perform the same operations. One loads, stores and fetches byte by byte; the other is
 * accessed as a processor with a TLB does it: it asks for a page once, and again only when the
 * generation says that it has to. Nobody may see a difference.
 */

const ROM = 0x22000000;
const BASE = 0x40000000;
const PAGES = 24;
const bytes = kernelImage('basic');
const image = openImage(bytes);
const FILES = ['/rom/gap-6p', '/rom/direct-7p-zerotail', '/rom/allcomp-9p', '/tmp/file'];
function memoryOf({ mm }: Process): MmuMemory {
  invariant(mm instanceof MmuMemory, 'a machine with an MMU');
  return mm;
}

interface Twin {
  readonly machine: Machine;
  readonly events: TraceEvent[];
  readonly processes: Process[];
  readonly access: Accessor;
}

function machineWith(pages?: PageBlocks): Pick<Twin, 'machine' | 'events' | 'processes'> {
  const options: MachineOptions = {
    roms: [{ address: ROM, size: 32 << 20, bytes }],
    faultAround: PAGE_SIZE,
    pages,
  };
  const machine = new Machine(options);
  machine.mountCramfs('/rom', image, ROM);
  machine.mount('tmpfs', 'tmpfs', '/tmp');
  const events: TraceEvent[] = [];
  machine.trace.sink = (event) => events.push(event);
  const process = machine.spawn();
  const file = process.open('/tmp/file', { write: true, create: true });
  process.write(file, new Uint8Array(5 * PAGE_SIZE).fill(0x11));
  process.close(file);
  return { machine, events, processes: [process] };
}

function plain(): Twin {
  return { ...machineWith(), access: accessBytes };
}

function cached(): Twin {
  const pages = new LinearPages(4 << 20);
  return { ...machineWith(pages), access: accessWithTlb(pages, PAGE_SIZE) };
}

const step = fc.record({
  op: fc.constantFrom(
    ...(['file', 'anon', 'shared', 'munmap', 'mprotect', 'advise', 'move', 'truncate'] as const),
    ...(['write', 'fork', 'sync'] as const),
    ...ACCESS_KINDS,
    ...ACCESS_KINDS,
    ...ACCESS_KINDS,
  ),
  page: fc.nat(PAGES - 1),
  pages: fc.integer({ min: 1, max: 6 }),
  file: fc.nat(FILES.length - 1),
  pgoff: fc.nat(5),
  prot: fc.constantFrom(PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC, 0, 7),
  advice: fc.constantFrom(...ADVICE),
  process: fc.nat(1),
  value: fc.integer({ min: 1, max: 255 }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function perform(twin: Twin, next: Step): unknown {
  const { op, page, file, pgoff, prot, value } = next;
  const process = twin.processes[next.process] ?? twin.processes[0]!;
  const { mm } = process;
  const address = BASE + page * PAGE_SIZE;
  const length = Math.min(next.pages, PAGES - page) * PAGE_SIZE;
  switch (op) {
    case 'file':
    case 'shared': {
      const open = process.open(FILES[file]!, { write: file === 3 });
      const type = op === 'shared' ? MAP_SHARED : MAP_PRIVATE;
      mm.mmap({ address, length, prot, flags: MAP_FIXED | type, file: open, pgoff });
      process.close(open);
      return undefined;
    }
    case 'anon':
      return mm.mmap({
        address,
        length,
        prot,
        flags: MAP_FIXED | MAP_ANONYMOUS | (pgoff === 0 ? MAP_SHARED : MAP_PRIVATE),
        pgoff: 0,
      });
    case 'munmap':
      mm.munmap(address, length);
      return undefined;
    case 'mprotect':
      mm.mprotect(address, length, prot);
      return undefined;
    case 'advise':
      mm.madvise(address, length, next.advice);
      return undefined;
    case 'move': {
      const to = BASE + ((page + 8) % PAGES) * PAGE_SIZE;
      return mm.mremap(address, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, to);
    }
    case 'truncate':
      process.truncate('/tmp/file', pgoff * PAGE_SIZE + value);
      return undefined;
    case 'write': {
      const open = process.open('/tmp/file', { write: true });
      process.pwrite(open, pgoff * PAGE_SIZE + value, new Uint8Array(100).fill(value));
      process.close(open);
      return undefined;
    }
    case 'fork':
      if (twin.processes.length === 1) twin.processes.push(twin.machine.fork(process));
      return undefined;
    case 'sync':
      mm.msync(address, length);
      return undefined;
    case 'load':
    case 'store':
    case 'fetch':
      return twin.access(process, op, address + value, value);
  }
}

describe('a processor with a TLB sees and does what loads and stores of bytes see and do', () => {
  test('bytes, faults, events, accessed and dirty bits, and pages in use', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 80 }), (steps) => {
        const twins = [plain(), cached()] as const;
        for (const next of steps) {
          const [a, b] = twins.map((twin) => outcomeOf(() => perform(twin, next)));
          expect(b).toEqual(a);
        }
        const [a, b] = twins.map(({ machine, events, processes }) => ({
          events,
          maps: processes.map(({ mm }) => mapsText(mm)),
          entries: processes.map((process) => [...memoryOf(process).mm.pageTable.present()]),
          used: machine.phys.used,
          ram: accountMachine(machine),
        }));
        expect(b).toEqual(a);
        for (const { machine } of twins) machine.halt();
      }),
      { numRuns: 100 },
    );
  });
});

describe('the generation', () => {
  const { machine, processes } = machineWith(new LinearPages(4 << 20));
  const process = processes[0]!;
  const mm = memoryOf(process);
  const open = (path: string): ReturnType<Process['open']> =>
    process.open(path, { write: path.startsWith('/tmp') });
  const map = (path: string | undefined, prot: number, type = MAP_PRIVATE): number => {
    const file = path === undefined ? undefined : open(path);
    const flags = type | (file === undefined ? MAP_ANONYMOUS : 0);
    const at = mm.mmap({ address: 0, length: 4 * PAGE_SIZE, prot, flags, file, pgoff: 0 });
    if (file !== undefined) process.close(file);
    return at;
  };
  const RW = PROT_READ | PROT_WRITE;
  const RX = PROT_READ | PROT_EXEC;
  const touched = (at: number): number => {
    for (let page = 0; page < 4; page += 1) mm.load(at + page * PAGE_SIZE);
    return at;
  };
  /** How often each of the two counters was counted up. */
  const bumps = (run: () => void): [number, number] => {
    const before = [mm.generation, mm.execGeneration] as const;
    run();
    return [mm.generation - before[0], mm.execGeneration - before[1]];
  };
  const anon = touched(map(undefined, RW));
  const rom = touched(map('/rom/gap-6p', RX));
  const shared = map('/tmp/file', RW, MAP_SHARED);
  mm.store(shared, 1);

  test.each<[string, () => void, [number, number]]>([
    ['a map of something new', () => map(undefined, RW), [0, 0]],
    ['a demand fault', () => mm.load(shared + PAGE_SIZE), [0, 0]],
    [
      'a first store to the zero page',
      () => {
        mm.store(anon, 1);
      },
      [1, 0],
    ],
    [
      'a second store',
      () => {
        mm.store(anon, 2);
      },
      [0, 0],
    ],
    [
      'less permission',
      () => {
        mm.mprotect(anon, PAGE_SIZE, PROT_READ);
      },
      [1, 0],
    ],
    [
      'more permission',
      () => {
        mm.mprotect(anon, PAGE_SIZE, RW);
      },
      [0, 0],
    ],
    [
      'less permission of nothing',
      () => {
        mm.mprotect(map(undefined, RW), 4096, PROT_READ);
      },
      [0, 0],
    ],
    [
      'no more execution',
      () => {
        mm.mprotect(rom, PAGE_SIZE, PROT_READ);
      },
      [1, 1],
    ],
    [
      'a private copy of text',
      () => {
        mm.mprotect(rom + PAGE_SIZE, PAGE_SIZE, 7);
        mm.store(rom + PAGE_SIZE, 1);
      },
      [1, 1],
    ],
    [
      'fork, for each area with copies',
      () => {
        machine.fork(process).exit();
      },
      [2, 0],
    ],
    [
      'MADV_FREE',
      () => {
        mm.madvise(anon, PAGE_SIZE, 'free');
      },
      [1, 0],
    ],
    [
      'MADV_DONTNEED',
      () => {
        mm.madvise(anon, PAGE_SIZE, 'dontneed');
      },
      [1, 0],
    ],
    [
      'MADV_DONTNEED of nothing',
      () => {
        mm.madvise(anon, PAGE_SIZE, 'dontneed');
      },
      [0, 0],
    ],
    [
      'truncate',
      () => {
        process.truncate('/tmp/file', PAGE_SIZE);
      },
      [1, 0],
    ],
    [
      'mremap',
      () => {
        mm.mremap(shared, PAGE_SIZE, 2 * PAGE_SIZE, MREMAP_MAYMOVE);
      },
      [1, 0],
    ],
    [
      'munmap',
      () => {
        mm.munmap(rom + 2 * PAGE_SIZE, PAGE_SIZE);
      },
      [1, 1],
    ],
    [
      'munmap of nothing',
      () => {
        mm.munmap(rom + 2 * PAGE_SIZE, PAGE_SIZE);
      },
      [0, 0],
    ],
  ])('%s', (_, run, expected) => {
    expect(bumps(run)).toEqual(expected);
  });

  test('a write(2) to a page that was fetched from gives it another name', () => {
    const at = map('/tmp/file', PROT_READ | PROT_EXEC, MAP_SHARED);
    mm.frameBytes(at, 'fetch');
    const name = mm.frameIdentity(at);
    expect(mm.frameIdentity(at)).toBe(name);
    const write = (): void => {
      const file = open('/tmp/file');
      process.write(file, Uint8Array.of(1, 2, 3));
      process.close(file);
    };
    expect(bumps(write)).toEqual([0, 1]);
    expect(mm.frameIdentity(at)).not.toBe(name);
    expect(bumps(write)).toEqual([0, 1]);
    expect(bumps(write)).toEqual([0, 0]);
  });
});

import fc from 'fast-check';
import { openImage } from 'cramfs-reader';
import { expect, test } from 'vitest';
import { kernelImage } from '../../../../test/helpers/kernel-images.js';
import {
  ACCESS_KINDS,
  LinearPages,
  accessBytes,
  accessWithTlb,
  outcomeOf,
  type Accessor,
} from '../../../../test/helpers/processor-access.js';
import { UnmodelledError } from '../errno.js';
import { KernelCorruption } from '../kernel-corruption.js';
import { Machine } from '../machine.js';
import {
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
} from '../memory-map.js';
import type { Process } from '../process.js';
import { mapsText } from '../report/maps.js';
import type { TraceEvent } from '../trace.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';

/*
 * Two equal machines without an MMU perform the same operations. One loads, stores and fetches byte by byte; the other
 * is accessed as a processor with a TLB does it. Nobody may see a difference.
 */

const ROM = 0x22000000;
const bytes = kernelImage('basic');
const image = openImage(bytes);
const FILES = ['/rom/direct-7p-zerotail', '/rom/unaligned8-4p', '/rom/allcomp-9p', '/tmp/file'];
const TYPES = [
  [PROT_READ | PROT_EXEC, MAP_PRIVATE],
  [PROT_READ | PROT_WRITE, MAP_PRIVATE],
  [PROT_READ, MAP_SHARED],
  [PROT_READ | PROT_WRITE, MAP_SHARED],
] as const;

interface Mapping {
  readonly address: number;
  length: number;
}

interface Member {
  readonly process: Process;
  readonly mappings: Mapping[];
}

/** A machine with two processes. */
class Twin {
  readonly machine: Machine;
  readonly events: TraceEvent[] = [];
  readonly members: readonly Member[];
  readonly access: Accessor;

  constructor(access: Accessor, pages?: LinearPages) {
    this.access = access;
    this.machine = new Machine({
      ...{ mmu: false, ramSize: 8 << 20, roms: [{ address: ROM, size: 32 << 20, bytes }], pages },
    });
    this.machine.mountCramfs('/rom', image, ROM);
    this.machine.mount('ramfs', 'ramfs', '/tmp');
    this.machine.trace.sink = (event) => this.events.push(event);
    this.members = [0, 1].map(() => ({ process: this.machine.spawn(), mappings: [] }));
    const { process } = this.members[0]!;
    const file = process.open('/tmp/file', { write: true, create: true });
    process.write(file, new Uint8Array(3 * PAGE_SIZE).fill(0x11));
    process.close(file);
  }
}

const step = fc.record({
  op: fc.constantFrom(
    ...(['map', 'map', 'anon', 'munmap', 'shrink', 'write', 'read', 'exit'] as const),
    ...ACCESS_KINDS,
    ...ACCESS_KINDS,
    ...ACCESS_KINDS,
  ),
  member: fc.nat(1),
  mapping: fc.nat(7),
  file: fc.nat(FILES.length - 1),
  type: fc.nat(TYPES.length - 1),
  pages: fc.integer({ min: 1, max: 4 }),
  pgoff: fc.nat(2),
  value: fc.integer({ min: 1, max: 255 }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function perform(twin: Twin, next: Step): unknown {
  const { op, pages, pgoff, value } = next;
  const member = twin.members[next.member]!;
  const { process, mappings } = member;
  const { mm } = process;
  const mapping = mappings[next.mapping % Math.max(1, mappings.length)];
  const [prot, flags] = TYPES[next.type]!;
  const length = pages * PAGE_SIZE;
  switch (op) {
    case 'map': {
      const file = process.open(FILES[next.file]!, { write: next.file === 3 });
      try {
        const address = mm.mmap({ address: 0, length, prot, flags, file, pgoff });
        mappings.push({ address, length });
        return address;
      } finally {
        process.close(file);
      }
    }
    case 'anon': {
      const address = mm.mmap({
        ...{ address: 0, length, prot: PROT_READ | PROT_WRITE, pgoff: 0 },
        flags: MAP_PRIVATE | MAP_ANONYMOUS,
      });
      mappings.push({ address, length });
      return address;
    }
    case 'munmap':
      if (mapping === undefined) return undefined;
      mappings.splice(mappings.indexOf(mapping), 1);
      mm.munmap(mapping.address, mapping.length);
      return undefined;
    case 'shrink':
      if (mapping === undefined) return undefined;
      mm.mremap(mapping.address, mapping.length, PAGE_SIZE);
      mapping.length = PAGE_SIZE;
      return undefined;
    case 'write': {
      const file = process.open('/tmp/file', { write: true });
      process.pwrite(file, pgoff * PAGE_SIZE + value, new Uint8Array(100).fill(value));
      process.close(file);
      return undefined;
    }
    case 'read': {
      const file = process.open('/tmp/file');
      const into = new Uint8Array(4 * PAGE_SIZE);
      const got = process.pread(file, 0, into);
      process.close(file);
      return [got, Buffer.from(into).toString('latin1')];
    }
    case 'exit':
      // Memory of the process that goes is what the other one gets next.
      mappings.splice(0);
      for (const area of [...mm.areas()]) mm.munmap(area.start, area.end - area.start);
      return undefined;
    case 'load':
    case 'store':
    case 'fetch':
      if (mapping === undefined) return undefined;
      return twin.access(process, op, mapping.address + ((value * 97) % mapping.length), value);
  }
}

/** A result, what it failed with, or why the kernel cannot go on. */
function outcome(run: () => unknown): unknown {
  try {
    return outcomeOf(run);
  } catch (error) {
    if (error instanceof UnmodelledError || error instanceof KernelCorruption) return error.message;
    throw error;
  }
}

test('without an MMU, a processor with a TLB sees and does what loads and stores of bytes see and do', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 80 }), (steps) => {
      const pages = new LinearPages(8 << 20);
      const twins = [
        new Twin(accessBytes),
        new Twin(accessWithTlb(pages, PAGE_SIZE), pages),
      ] as const;
      for (const next of steps) {
        const [a, b] = twins.map((twin) => outcome(() => perform(twin, next)));
        expect(b).toEqual(a);
      }
      const [a, b] = twins.map(({ machine, events, members }) => ({
        events,
        maps: members.map(({ process }) => outcome(() => mapsText(process.mm))),
        used: machine.phys.used,
      }));
      expect(b).toEqual(a);
    }),
    { numRuns: 100 },
  );
});

import fc from 'fast-check';
import { openImage } from 'cramfs-reader';
import { describe, expect, test } from 'vitest';
import { kernelImage } from '../../../../test/helpers/kernel-images.js';
import { AccessFault, SyscallError, invariant } from '../errno.js';
import { Machine } from '../machine.js';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_READ,
  PROT_WRITE,
} from '../memory-map.js';
import type { PolicyName } from '../policy.js';
import type { Process } from '../process.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';
import { VM_PFNMAP } from '../vfs/vm-area.js';
import { MmuMemory } from './mmu-memory.js';
import { validateMm } from './validate.js';

const ROM = 0x22000000;
const BASE = 0x40000000;
/** Pages that the operations are about. */
const PAGES = 48;
const bytes = kernelImage('basic');
const image = openImage(bytes);
const FILES = ['gap-6p', 'direct-7p-zerotail', 'allcomp-9p', 'first2direct-then-C-6p'];

/** What a page of a mapping holds: a byte that was stored, or what the file says. */
interface NaivePage {
  prot: number;
  readonly anonymous: boolean;
  readonly shared: boolean;
  readonly path: string | undefined;
  readonly pgoff: number;
  stored: number | undefined;
}

type NaiveMm = (NaivePage | undefined)[];

interface Step {
  readonly op: 'file' | 'anon' | 'shared' | 'munmap' | 'mprotect' | 'dontneed' | 'load' | 'store';
  readonly page: number;
  readonly pages: number;
  readonly file: number;
  readonly pgoff: number;
  readonly prot: number;
  readonly child: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  op: fc.constantFrom(
    'file',
    'anon',
    'shared',
    'munmap',
    'mprotect',
    'dontneed',
    'load',
    'store',
    'load',
    'store',
  ),
  page: fc.nat(PAGES - 1),
  pages: fc.integer({ min: 1, max: 12 }),
  file: fc.nat(FILES.length - 1),
  pgoff: fc.nat(7),
  prot: fc.constantFrom(0, PROT_READ, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE),
  child: fc.boolean(),
});

function memoryOf({ mm }: Process): MmuMemory {
  invariant(mm instanceof MmuMemory, 'a machine with an MMU');
  return mm;
}

function codeOf(call: () => void): string | undefined {
  try {
    call();
  } catch (error) {
    if (error instanceof SyscallError) return error.code;
    throw error;
  }
  return undefined;
}

/** A process, and what its pages hold by a model that knows neither areas nor page tables. */
class World {
  readonly process: Process;
  readonly pages: NaiveMm;
  readonly machine: Machine;

  constructor(machine: Machine, process: Process, pages: NaiveMm) {
    this.machine = machine;
    this.process = process;
    this.pages = pages;
  }

  fork(): World {
    const pages = this.pages.map((page) => page && { ...page });
    return new World(this.machine, this.machine.fork(this.process), pages);
  }

  perform({ op, page, pages, file, pgoff, prot }: Step): void {
    const { mm } = this.process;
    const address = BASE + page * PAGE_SIZE;
    const length = Math.min(pages, PAGES - page) * PAGE_SIZE;
    const range = Array.from({ length: length / PAGE_SIZE }, (_, at) => page + at);
    switch (op) {
      case 'file':
      case 'shared':
      case 'anon': {
        const path = op === 'anon' ? undefined : FILES[file]!;
        const open = path === undefined ? undefined : this.process.open(`/rom/${path}`);
        const type = op === 'shared' ? MAP_SHARED : MAP_PRIVATE;
        const flags = MAP_FIXED | type | (open === undefined ? MAP_ANONYMOUS : 0);
        const allowed = op === 'shared' ? prot & ~PROT_WRITE : prot;
        mm.mmap({ address, length, prot: allowed, flags, file: open, pgoff });
        if (open !== undefined) this.process.close(open);
        for (const [at, index] of range.entries()) {
          this.pages[index] = {
            prot: allowed,
            anonymous: open === undefined,
            shared: op === 'shared',
            path,
            pgoff: pgoff + at,
            stored: undefined,
          };
        }
        return;
      }
      case 'munmap':
        mm.munmap(address, length);
        for (const index of range) this.pages[index] = undefined;
        return;
      case 'mprotect':
        this.mprotect(range, address, length, prot);
        return;
      case 'dontneed':
        this.dontNeed(range, address, length);
        return;
      case 'load':
        this.checkLoad(page);
        return;
      case 'store':
        this.checkStore(page);
    }
  }

  private mprotect(range: readonly number[], address: number, length: number, prot: number): void {
    let expected: string | undefined;
    for (const index of range) {
      const page = this.pages[index];
      if (page === undefined) expected = 'ENOMEM';
      else if (page.shared && (prot & PROT_WRITE) !== 0) expected = 'EACCES';
      if (page === undefined || expected !== undefined) break;
      page.prot = prot;
    }
    const call = (): void => {
      this.process.mm.mprotect(address, length, prot);
    };
    expect(codeOf(call)).toBe(expected);
  }

  /** Ends at a VM_PFNMAP, which only the emulator knows; holes are told at the end. */
  private dontNeed(range: readonly number[], address: number, length: number): void {
    const mm = memoryOf(this.process);
    let expected: string | undefined;
    for (const index of range) {
      const page = this.pages[index];
      const vma = mm.mm.vmas.vmaAt(BASE / PAGE_SIZE + index);
      expect(vma === undefined).toBe(page === undefined);
      if (vma !== undefined && (vma.flags & VM_PFNMAP) !== 0) {
        expected = 'EINVAL';
        break;
      }
      if (page === undefined) expected = 'ENOMEM';
      else page.stored = undefined;
    }
    const call = (): void => {
      mm.madvise(address, length, 'dontneed');
    };
    expect(codeOf(call)).toBe(expected);
  }

  private load(page: number): number | undefined {
    try {
      return this.process.mm.load(BASE + page * PAGE_SIZE);
    } catch (error) {
      if (error instanceof AccessFault) return undefined;
      throw error;
    }
  }

  private checkLoad(page: number): void {
    const expected = this.pages[page];
    const value = this.load(page);
    if (expected === undefined || expected.prot === 0) expect(value).toBeUndefined();
    else if (expected.stored !== undefined) expect(value).toBe(expected.stored);
    else if (expected.anonymous) expect(value).toBe(0);
    else {
      const inode = image.lookup(expected.path!);
      const inside = expected.pgoff * PAGE_SIZE < inode.size;
      expect(value === undefined).toBe(!inside);
      if (!inside) return;
      const content = image.readBlock(inode, expected.pgoff);
      expect(value).toBe(content[0]);
    }
  }

  private checkStore(page: number): void {
    const expected = this.pages[page];
    let stored = true;
    try {
      this.process.mm.store(BASE + page * PAGE_SIZE, 0x5a);
    } catch (error) {
      if (!(error instanceof AccessFault)) throw error;
      stored = false;
    }
    const inside =
      expected !== undefined &&
      (expected.anonymous ||
        expected.stored !== undefined ||
        expected.pgoff * PAGE_SIZE < image.lookup(expected.path!).size);
    expect(stored).toBe(inside && (expected.prot & PROT_WRITE) !== 0);
    if (stored && expected !== undefined) expected.stored = 0x5a;
  }
}

describe.each<PolicyName>(['linux-6.12', 'linux-6.12-v3-vmasplit'])('%s', (policy) => {
  test('random programs of two processes: the memory of a page array, and no leak', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(40), (steps, forkAt) => {
        const roms = [{ address: ROM, size: 32 << 20, bytes }];
        const machine = new Machine({ policy, roms, faultAround: PAGE_SIZE });
        const rom = machine.mountCramfs('/rom', image, ROM);
        const parent = new World(machine, machine.spawn(), []);
        const worlds = [parent];
        for (const [index, next] of steps.entries()) {
          if (index === forkAt) worlds.push(parent.fork());
          const world = next.child ? worlds.at(-1)! : parent;
          world.perform(next);
          for (const { process } of worlds) validateMm(memoryOf(process).mm);
        }
        for (const { process } of worlds) process.mm.exit();
        rom.evict();
        expect(machine.phys.used).toBe(0);
      }),
      { numRuns: 150 },
    );
  });
});

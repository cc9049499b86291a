import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  NommuModel,
  type ModelFile,
  type ModelRequest,
} from '../../../../test/helpers/nommu-model.js';
import { NommuWorld, RAM, ROM, type TestProcess } from '../../../../test/helpers/nommu-world.js';
import { isSyscallError } from '../errno.js';
import { KernelCorruption } from '../kernel-corruption.js';
import { PROT_READ, PROT_WRITE } from '../memory-map.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';
import type { OpenFile } from '../vfs/file.js';

const RAM_PAGES = 4096;
const ROM_PAGE = ROM / PAGE_SIZE;

/** Files in ROM, one of them with the blocks of another; files that have to be copied. */
const FILES: readonly ModelFile[] = [
  { name: 'rom', pages: 12, rom: ROM_PAGE + 4, direct: 12, copyOnly: false },
  { name: 'half', pages: 12, rom: ROM_PAGE + 20, direct: 6, copyOnly: false },
  { name: 'clone', pages: 5, rom: ROM_PAGE + 8, direct: 5, copyOnly: false },
  { name: 'compressed', pages: 12, rom: undefined, direct: 0, copyOnly: false },
  { name: 'disk', pages: 12, rom: undefined, direct: 0, copyOnly: true },
];

type Step =
  | { readonly kind: 'map'; readonly request: ModelRequest }
  | {
      readonly kind: 'unmap' | 'remap';
      readonly pick: number;
      readonly shape: string;
      readonly pages: number;
    };

const request: fc.Arbitrary<ModelRequest> = fc.oneof(
  fc.record({
    file: fc.constant(undefined),
    pgoff: fc.constant(0),
    pages: fc.integer({ min: 1, max: 9 }),
    writable: fc.constant(true),
    shared: fc.boolean(),
  }),
  fc.record({
    file: fc.constantFrom(...FILES),
    pgoff: fc.integer({ min: 0, max: 11 }),
    pages: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 12 })),
    writable: fc.boolean(),
    shared: fc.boolean(),
  }),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('map' as const), request }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('unmap' as const, 'unmap' as const, 'remap' as const),
      pick: fc.nat(40),
      shape: fc.constantFrom('all', 'all', 'head', 'tail', 'middle', 'beyond', 'before'),
      pages: fc.integer({ min: 1, max: 9 }),
    }),
  },
);

/** The errno of a call or the kind of its corruption; its result if it succeeds. */
function outcome<T>(run: () => T): { readonly value: T } | { readonly fails: string } {
  try {
    return { value: run() };
  } catch (error) {
    if (isSyscallError(error)) return { fails: error.code };
    if (error instanceof KernelCorruption) return { fails: error.kind };
    throw error;
  }
}

/** Both sides of a random test: each step must end alike, and leave the same areas. */
class Pair {
  readonly world = new NommuWorld(RAM_PAGES);
  readonly model = new NommuModel(2);
  private readonly processes: readonly TestProcess[] = [this.world.process(), this.world.process()];
  private readonly files = new Map<ModelFile, OpenFile>();

  constructor() {
    for (const file of FILES) {
      const { pages, rom, direct, copyOnly } = file;
      const romPage = rom === undefined ? undefined : rom - ROM_PAGE;
      const options = { pages, directPages: direct, copyOnly };
      const real = romPage === undefined ? options : { ...options, romPage };
      this.files.set(file, this.world.file(real));
    }
  }

  /** @returns false once the kernel is a wreck. */
  perform(who: number, action: Step): boolean {
    const failure =
      action.kind === 'map' ? this.map(who, action.request) : this.change(who, action);
    this.compare(who);
    return failure === undefined || /^E[A-Z]+$/.test(failure);
  }

  private map(who: number, wanted: ModelRequest): string | undefined {
    const { file, pgoff, pages, writable, shared } = wanted;
    const process = this.processes[who]!;
    const prot = writable ? PROT_READ | PROT_WRITE : PROT_READ;
    const type = shared ? 'shared' : 'private';
    const expected = this.model.place(who, wanted);
    const actual = outcome(() =>
      file === undefined
        ? process.anonymous(pages, prot)
        : process.map(this.files.get(file)!, pgoff, pages, prot, type),
    );
    if ('fails' in expected || 'fails' in actual) {
      expect(actual).toEqual(expected);
      return 'fails' in actual ? actual.fails : undefined;
    }
    const at = actual.value / PAGE_SIZE;
    if (expected.at === undefined) expect(at).toBeGreaterThanOrEqual(RAM / PAGE_SIZE);
    else expect(at).toBe(expected.at);
    this.model.map(who, wanted, at, expected.region);
    return undefined;
  }

  private change(who: number, { kind, pick, shape, pages }: Exclude<Step, { kind: 'map' }>) {
    const areas = this.model.processes[who]!;
    const area = areas[pick % Math.max(1, areas.length)];
    if (area === undefined) return undefined;
    const { start, end } = area;
    const process = this.processes[who]!;
    if (kind === 'remap') {
      const old = shape === 'all' || shape === 'head' ? end - start : pages;
      const actual = outcome(() => process.remap(start * PAGE_SIZE, old, pages));
      return this.same(actual, this.model.remap(who, start, old, pages));
    }
    const [from, count] = rangeOf(shape, start, end, pages);
    const actual = outcome(() => {
      process.unmap(from * PAGE_SIZE, count);
    });
    return this.same(actual, this.model.unmap(who, from, count));
  }

  private same(actual: object, expected: { readonly fails: string } | undefined) {
    expect('fails' in actual ? actual : undefined).toEqual(expected);
    return expected?.fails;
  }

  private compare(who: number): void {
    const actual = [...this.processes[who]!.mm.mm.vmas()].map(({ vmStart, vmEnd, treeEnd }) =>
      [vmStart, vmEnd, treeEnd].map((at) => at / PAGE_SIZE),
    );
    expect(actual).toEqual(
      this.model.processes[who]!.map(({ start, end, treeEnd }) => [start, end, treeEnd]),
    );
    const copies = this.model.regions.filter(({ copy }) => copy);
    const pages = copies.reduce((sum, { start, end }) => sum + end - start, 0);
    expect(this.world.regions.count).toBe(this.model.regions.length);
    expect(this.world.regions.ram.pagesAllocated).toBe(pages);
  }
}

function rangeOf(shape: string, start: number, end: number, pages: number): [number, number] {
  const length = end - start;
  const part = Math.min(pages, length);
  switch (shape) {
    case 'head':
      return [start, part];
    case 'tail':
      return [end - part, part];
    case 'middle':
      return [start + (pages % length), Math.max(1, part - 2)];
    case 'beyond':
      return [start, length + pages];
    case 'before':
      return [start - pages, length + pages];
    default:
      return [start, length];
  }
}

test('random operations do what a naive model of mm/nommu.c does', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(1), step), { maxLength: 40, size: 'max' }), (steps) => {
      const pair = new Pair();
      for (const [who, action] of steps) if (!pair.perform(who, action)) return;
    }),
    { numRuns: 300 },
  );
});

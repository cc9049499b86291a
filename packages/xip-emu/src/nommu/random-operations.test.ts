import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NommuWorld, type TestProcess } from '../../../../test/helpers/nommu-world.js';
import { isSyscallError } from '../errno.js';
import { KernelCorruption } from '../kernel-corruption.js';
import { PROT_READ, PROT_WRITE } from '../memory-map.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import { VM_WRITE } from '../vfs/vm-area.js';

const RAM_PAGES = 64;

type Step =
  | { readonly kind: 'anonymous'; readonly pages: number }
  | { readonly kind: 'file'; readonly pgoff: number; readonly pages: number; readonly prot: number }
  | {
      readonly kind: 'unmap' | 'remap';
      readonly at: number;
      readonly skip: number;
      readonly pages: number;
    };

const small = fc.integer({ min: 1, max: 8 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('anonymous' as const), pages: small }),
  fc.record({
    kind: fc.constant('file' as const),
    pgoff: fc.integer({ min: 0, max: 7 }),
    pages: small,
    prot: fc.constantFrom(PROT_READ, PROT_READ | PROT_WRITE),
  }),
  fc.record({
    kind: fc.constantFrom('unmap' as const, 'remap' as const),
    at: fc.nat(20),
    skip: fc.integer({ min: 0, max: 3 }),
    pages: small,
  }),
);

/** All pages of a process, by address: the byte that was stored in each. */
type Model = Map<number, number>;

/** expect() is slow where it is called a million times. */
function same<T>(actual: T, expected: T): void {
  if (actual !== expected) expect(actual).toBe(expected);
}

function mappedPages({ mm }: TestProcess): Set<number> {
  const pages = new Set<number>();
  for (const { vmStart, vmEnd } of mm.mm.vmas()) {
    for (let at = vmStart; at < vmEnd; at += PAGE_SIZE) pages.add(at);
  }
  return pages;
}

/** Performs a step; the range that may have changed, or undefined if it was refused. */
function perform(
  process: TestProcess,
  file: OpenFile,
  action: Step,
): [start: number, end: number] | undefined {
  const { mm } = process;
  try {
    if (action.kind === 'anonymous') {
      const at = process.anonymous(action.pages, PROT_READ | PROT_WRITE);
      return [at, at + action.pages * PAGE_SIZE];
    }
    if (action.kind === 'file') {
      const at = process.map(file, action.pgoff, action.pages, action.prot);
      return [at, at + action.pages * PAGE_SIZE];
    }
    const vmas = [...mm.mm.vmas()];
    const vma = vmas[action.at % Math.max(1, vmas.length)];
    if (vma === undefined) return undefined;
    const { vmStart, treeEnd } = vma;
    const start = vmStart + action.skip * PAGE_SIZE;
    if (action.kind === 'unmap') process.unmap(start, action.pages);
    else process.remap(vma.vmStart, (vma.vmEnd - vma.vmStart) / PAGE_SIZE, action.pages);
    return [vmStart, Math.max(treeEnd, start + action.pages * PAGE_SIZE)];
  } catch (error) {
    if (isSyscallError(error)) return undefined;
    throw error;
  }
}

test('random operations of two processes keep the state valid and each other’s bytes', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), step), { maxLength: 60, size: 'max' }), (steps) => {
      const world = new NommuWorld(RAM_PAGES);
      const file = world.file({ pages: 8, copyOnly: true });
      const processes = [world.process(), world.process()] as const;
      const models: readonly [Model, Model] = [new Map(), new Map()];
      let stamp = 0;
      for (const [second, action] of steps) {
        const who = second ? 1 : 0;
        let changed: [number, number] | undefined;
        try {
          changed = perform(processes[who], file, action);
        } catch (error) {
          if (!(error instanceof KernelCorruption)) throw error;
          return; // The kernel is broken: nothing can be expected from here on.
        }
        const pages = mappedPages(processes[who]);
        const model = models[who];
        for (const at of new Set([...pages, ...model.keys()])) {
          const isChanged = changed !== undefined && at >= changed[0] && at < changed[1];
          if (!isChanged) same(pages.has(at), model.has(at));
          if (!pages.has(at)) model.delete(at);
          else if (!model.has(at)) {
            const { mm } = processes[who];
            // A copy that may be shared keeps its bytes.
            if ((mm.mm.findVma(at)!.vmFlags & VM_WRITE) !== 0) {
              stamp = (stamp + 1) & 255;
              mm.store(at, stamp);
            }
            model.set(at, mm.load(at));
          }
        }
        for (const side of [0, 1] as const) {
          for (const [at, value] of models[side]) {
            same(processes[side].mm.load(at), value);
          }
        }
      }
      for (const process of processes) process.exit();
      expect(world.phys.used).toBe(0);
      expect(file.refCount).toBe(1);
    }),
    { numRuns: 200 },
  );
});

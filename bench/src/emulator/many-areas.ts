import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  Machine,
  PROT_READ,
  PROT_WRITE,
  type MemoryMap,
} from 'xip-emu';
import { median } from '../run.js';
import { PAGE } from './images.js';
import { mapAnonymous, pageOrder } from './loops.js';

const OPERATIONS = ['fault', 'mprotect', 'munmap-mmap', 'mmap-munmap'] as const;
type Operation = (typeof OPERATIONS)[number];

/** Nanoseconds of processor time of each operation. */
export type OperationCosts = Record<Operation, number>;

/** Operations that are timed together. */
const SLICE = 10_000;
const WARM_UP = 5;
const SLICES_PER_ROUND = 10;
/** Places, in an order that no branch predictor learns. */
const PLACES = 100_000;

/**
 * What operations cost in processes with few and with many areas: the medians of slices that take
 * turns, so that both have the same neighbours.
 */
export function operationCosts(
  counts: readonly number[],
  rounds: number,
): readonly OperationCosts[] {
  const processes = counts.map((areas) => new ProcessOfAreas(areas));
  const costs = processes.map((): Partial<OperationCosts> => ({}));
  for (const operation of OPERATIONS) {
    const slices = processes.map((): number[] => []);
    for (let slice = 0; slice < WARM_UP + SLICES_PER_ROUND * rounds; slice += 1) {
      for (const [at, process] of processes.entries()) slices[at]!.push(process.run(operation));
    }
    for (const [at, all] of slices.entries()) costs[at]![operation] = median(all.slice(WARM_UP));
  }
  return costs as OperationCosts[];
}

/**
 * A process in which areas of one page lie side by side, every second one writable. Operations, at
 * places in no order: a read fault, undone again; an mprotect that merges three areas and one that
 * splits them again; a hole and a mapping that fills it; a mapping where the kernel finds room, and
 * its end.
 */
class ProcessOfAreas {
  private readonly mm: MemoryMap;
  private readonly places: Float64Array;
  private next = 0;

  constructor(areas: number) {
    this.mm = new Machine({ ramSize: 1 << 30, maxMapCount: 2 * areas + 1000 }).spawn().mm;
    const base = mapAnonymous(this.mm, areas);
    for (let page = 0; page < areas; page += 2)
      this.mm.mprotect(base + page * PAGE, PAGE, PROT_READ);
    // Areas at the edges have only one neighbour; the writable ones are left.
    this.places = Float64Array.from(pageOrder(PLACES, true), (place) => {
      const page = place % (areas - 2);
      return base + (page + 1 - (page % 2)) * PAGE;
    });
  }

  /** One slice. @returns nanoseconds per operation. */
  run(operation: Operation): number {
    const { places } = this;
    const before = process.cpuUsage();
    for (let done = 0; done < SLICE; done += 1) {
      this.perform(operation, places[this.next]!);
      this.next = (this.next + 1) % PLACES;
    }
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1000) / SLICE;
  }

  private perform(operation: Operation, at: number): void {
    const { mm } = this;
    const prot = PROT_READ | PROT_WRITE;
    const flags = MAP_PRIVATE | MAP_ANONYMOUS;
    switch (operation) {
      case 'fault':
        mm.load(at);
        mm.madvise(at, PAGE, 'dontneed');
        return;
      case 'mprotect':
        mm.mprotect(at, PAGE, PROT_READ);
        mm.mprotect(at, PAGE, prot);
        return;
      case 'munmap-mmap':
        mm.munmap(at, PAGE);
        mm.mmap({ address: at, length: PAGE, prot, flags: flags | MAP_FIXED, pgoff: 0 });
        return;
      case 'mmap-munmap':
        mm.munmap(mm.mmap({ address: 0, length: PAGE, prot: PROT_READ, flags, pgoff: 0 }), PAGE);
    }
  }
}

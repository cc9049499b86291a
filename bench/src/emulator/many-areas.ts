import { MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, Machine, PROT_READ, PROT_WRITE } from 'xip-emu';
import { collectGarbage } from './collect-garbage.js';
import { PAGE } from './images.js';
import { mapAnonymous, pageOrder, timed } from './loops.js';

const OPERATIONS = ['fault', 'mprotect', 'munmap-mmap', 'mmap-munmap'] as const;
type Operation = (typeof OPERATIONS)[number];

/** Nanoseconds of each operation. */
export type OperationCosts = Record<Operation, number>;

const REPEATS = 100_000;

/**
 * What operations cost in a process with `areas` areas, at places in no order: a read fault; an
 * mprotect that merges three areas and one that splits them again; a hole and a mapping that fills
 * it; a mapping where the kernel finds room, and its end. One page is one area.
 */
export function operationCosts(areas: number): OperationCosts {
  const { mm } = new Machine({ ramSize: 1 << 30, maxMapCount: 2 * areas + 1000 }).spawn();
  const base = mapAnonymous(mm, areas);
  for (let page = 0; page < areas; page += 2) mm.mprotect(base + page * PAGE, PAGE, PROT_READ);
  // Areas at the edges have but one neighbour.
  const places = Float64Array.from(
    pageOrder(areas - 2, true),
    (page) => base + (page + 1 - (page % 2)) * PAGE,
  );
  const place = (repeat: number): number => places[repeat % places.length]!;
  const prot = PROT_READ | PROT_WRITE;
  const flags = MAP_PRIVATE | MAP_ANONYMOUS;
  const run: Record<Operation, (at: number) => void> = {
    fault(at) {
      mm.load(at);
      mm.madvise(at, PAGE, 'dontneed');
    },
    mprotect(at) {
      mm.mprotect(at, PAGE, PROT_READ);
      mm.mprotect(at, PAGE, prot);
    },
    'munmap-mmap'(at) {
      mm.munmap(at, PAGE);
      mm.mmap({ address: at, length: PAGE, prot, flags: flags | MAP_FIXED, pgoff: 0 });
    },
    'mmap-munmap'() {
      const at = mm.mmap({ address: 0, length: PAGE, prot: PROT_READ, flags, pgoff: 0 });
      mm.munmap(at, PAGE);
    },
  };
  const costs = OPERATIONS.map((operation): [Operation, number] => {
    const work = run[operation];
    collectGarbage();
    const seconds = timed(() => {
      for (let repeat = 0; repeat < REPEATS; repeat += 1) work(place(repeat));
    });
    return [operation, (seconds / REPEATS) * 1e9];
  });
  return Object.fromEntries(costs) as OperationCosts;
}

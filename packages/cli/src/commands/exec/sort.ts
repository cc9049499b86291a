import { sortBy } from '../../render/sort.js';
import type { ExecExplanation } from './explain.js';
import type { SystemExplanation } from './system.js';

export const SORT_KEYS = ['path', 'rom', 'ram'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

export interface Order {
  /** Undefined: the order in which they are mapped. */
  readonly sort: SortKey | undefined;
  readonly reverse: boolean;
}

interface Costs {
  /** Byte string. */
  readonly path: string;
  /** Pages. */
  readonly rom: number;
  readonly ram: number;
}

/** A program's objects in another order. */
export function sortObjects(explanation: ExecExplanation, order: Order): ExecExplanation {
  const objects = sorted(explanation.objects, order, ({ object, romPages, atMost }) => ({
    path: object.path,
    rom: romPages,
    ram: atMost.private + atMost.cache,
  }));
  return { ...explanation, objects };
}

/** The files that programs share, in another order. */
export function sortShared(explanation: SystemExplanation, order: Order): SystemExplanation {
  const { cost } = explanation;
  const shared = sorted(cost.shared, order, ({ path = '', romPages, ...pages }) => ({
    path,
    rom: romPages,
    ram: pages.pageCachePages + pages.copyPages,
  }));
  return { ...explanation, cost: { ...cost, shared } };
}

function sorted<T>(
  items: readonly T[],
  { sort, reverse }: Order,
  costsOf: (item: T) => Costs,
): readonly T[] {
  if (sort === undefined) return reverse ? [...items].reverse() : items;
  return sortBy(items, (item) => costsOf(item)[sort], reverse);
}

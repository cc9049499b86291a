import type { TreeTable } from '../../model/tree-table.js';

export const SORT_KEYS = ['name', 'size', 'stored', 'pages', 'in-place', 'ram'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

export interface TreeOrder {
  readonly key: SortKey;
  readonly reverse: boolean;
}

/** A row of the table. */
export interface TreeRow {
  readonly number: number;
  /** The number of directories above it, up to the limit of indentation. */
  readonly level: number;
}

/** The numbers of each directory's entries, in stored order. */
export function childrenOf({ parents }: TreeTable): ReadonlyMap<number, readonly number[]> {
  const children = new Map<number, number[]>();
  parents.forEach((parent, number) => {
    if (parent < 0) return;
    const known = children.get(parent);
    if (known === undefined) children.set(parent, [number]);
    else known.push(number);
  });
  return children;
}

function columnOf(table: TreeTable, key: Exclude<SortKey, 'name'>): Float64Array {
  const columns = {
    size: table.sizes,
    stored: table.stored,
    pages: table.pages,
    'in-place': table.inPlace,
    ram: table.ram,
  };
  return columns[key];
}

/** Sorts entries: names ascending, numbers descending. */
export function sorted(
  table: TreeTable,
  numbers: readonly number[],
  { key, reverse }: TreeOrder,
): number[] {
  const { names } = table;
  const byName = (a: number, b: number): number =>
    names[a]! < names[b]! ? -1 : names[a]! > names[b]! ? 1 : a - b;
  let compare = byName;
  if (key !== 'name') {
    const column = columnOf(table, key);
    compare = (a, b) => column[b]! - column[a]! || byName(a, b);
  }
  const order = [...numbers].sort(compare);
  return reverse ? order.reverse() : order;
}

/** The rows of a tree with some directories open. */
export function treeRows(
  table: TreeTable,
  children: ReadonlyMap<number, readonly number[]>,
  open: ReadonlySet<number>,
  order: TreeOrder,
): TreeRow[] {
  const rows: TreeRow[] = [{ number: 0, level: 0 }];
  const waiting = openOf(0, 1);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    rows.push(next);
    waiting.push(...openOf(next.number, next.level + 1));
  }
  return rows;

  function openOf(number: number, level: number): TreeRow[] {
    if (!open.has(number)) return [];
    return sorted(table, children.get(number) ?? [], order)
      .map((child) => ({ number: child, level }))
      .reverse();
  }
}

/** The path of an entry, a byte string. */
export function pathOfEntry({ parents, names }: TreeTable, number: number): string {
  const parts: string[] = [];
  for (let at = number; at > 0; at = parents[at]!) parts.push(names[at]!);
  return `/${parts.reverse().join('/')}`;
}

/** The entry with a path; undefined if there is none. */
export function entryOfPath(
  { names }: TreeTable,
  children: ReadonlyMap<number, readonly number[]>,
  path: string,
): number | undefined {
  let at = 0;
  for (const name of path.split('/').filter((part) => part !== '')) {
    const found = children.get(at)?.find((child) => names[child] === name);
    if (found === undefined) return undefined;
    at = found;
  }
  return at;
}

/**
 * Sorts by a key: text in its own order (byte strings by bytes), numbers with the largest first. The sort is
 * stable.
 */
export function sortBy<T>(
  items: readonly T[],
  keyOf: (item: T) => number | string,
  reverse: boolean,
): T[] {
  const sign = reverse ? -1 : 1;
  return items
    .map((item) => ({ item, key: keyOf(item) }))
    .sort((a, b) => sign * compare(a.key, b.key))
    .map(({ item }) => item);
}

function compare(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return b - a;
  return a < b ? -1 : Number(a > b);
}

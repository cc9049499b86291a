import type { TouchedRange } from './profile.js';

/**
 * Adds ranges up where they overlap. Returns ascending, disjoint ranges, each as long as its count stays the
 * same.
 */
export function sumRanges(ranges: readonly TouchedRange[]): TouchedRange[] {
  const changes = new Map<number, number>();
  const change = (page: number, by: number): void => {
    changes.set(page, (changes.get(page) ?? 0) + by);
  };
  for (const { first, pages, count } of ranges) {
    change(first, count);
    change(first + pages, -count);
  }
  const sum: TouchedRange[] = [];
  let first = 0;
  let count = 0;
  for (const [page, by] of [...changes].sort(([a], [b]) => a - b)) {
    if (by === 0) continue;
    if (count > 0) sum.push({ first, pages: page - first, count });
    first = page;
    count += by;
  }
  return sum;
}

/** The same pages, in pages of another size. The smaller size divides the larger one. */
export function scaleRanges(
  ranges: readonly TouchedRange[],
  from: number,
  to: number,
): TouchedRange[] {
  return ranges.map(({ first, pages, count }) => {
    const start = Math.floor((first * from) / to);
    const end = Math.ceil(((first + pages) * from) / to);
    return { first: start, pages: end - start, count };
  });
}

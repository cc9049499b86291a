import type { MemoryPage } from 'xip-emu';

/** Consecutive pages of one kind; in ROM also consecutive physically. */
export interface PageRun {
  readonly first: number;
  readonly count: number;
  readonly backing: MemoryPage['backing'];
  /** Physical address of the first page, undefined if there is none. */
  readonly physical: number | undefined;
}

/** Joins pages that fit in one line of output. */
export function pageRuns(pages: readonly MemoryPage[], pageSize: number): PageRun[] {
  const runs: PageRun[] = [];
  for (const [first, { backing, physical }] of pages.entries()) {
    const last = runs.at(-1);
    const next = last?.physical === undefined ? undefined : last.physical + last.count * pageSize;
    if (last?.backing === backing && physical === next) {
      runs[runs.length - 1] = { ...last, count: last.count + 1 };
    } else {
      runs.push({ first, count: 1, backing, physical });
    }
  }
  return runs;
}

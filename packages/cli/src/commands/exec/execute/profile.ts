import { formatProfile, type TouchedRange } from 'cramfs-planner';
import { WRITTEN } from 'xip-cpu/linux';
import type { RunReport } from './report.js';

/**
 * The pages that a run has used through maps, and not written to, in the planner's form. Pages written to
 * have to be in RAM in any case. Neighbours are not included: the processor reports each page that it uses.
 */
export function profileText({ files, pageSize }: RunReport): string {
  const touched = files.map(({ path, pages }): [string, TouchedRange[]] => {
    const used = [...pages]
      .filter(([, bits]) => (bits & WRITTEN) === 0)
      .map(([page]) => page)
      .sort((one, other) => one - other);
    return [path, rangesOf(used)];
  });
  return formatProfile({
    source: 'cramfs exec --run',
    format: 'json',
    kind: 'mapped',
    pageSize,
    faultAround: undefined,
    files: new Map(touched.filter(([, ranges]) => ranges.length > 0)),
    atLeast: new Map(),
  });
}

/** Pages in ascending order as ranges, each touched once. */
function rangesOf(pages: readonly number[]): TouchedRange[] {
  const ranges: { first: number; pages: number; count: number }[] = [];
  for (const page of pages) {
    const last = ranges.at(-1);
    if (last !== undefined && last.first + last.pages === page) last.pages += 1;
    else ranges.push({ first: page, pages: 1, count: 1 });
  }
  return ranges;
}

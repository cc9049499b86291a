import { DIRECT_ALIGNMENT, alignUp } from 'cramfs-format';
import type { ResolvedOptions, TailPolicy } from '../options.js';
import type { Chunk, Run } from './layout.js';

export interface XipRegion {
  /** Where the region has to start. */
  readonly alignment: number;
  readonly size: number;
  /** Chunks that fill up pages after runs. */
  readonly inGaps: ReadonlySet<Chunk>;
}

interface Gap {
  start: number;
  readonly end: number;
}

/**
 * Places the runs one after another, and chunks into the pages that runs leave partly unused where
 * the tail policy allows it. Positions are set relative to the start of the region.
 *
 * Only a file's last block can be partial, so with an MMU every run is whole pages, except for such a tail.
 */
export function placeXipRegion(
  runs: readonly Run[],
  chunks: readonly Chunk[],
  tails: ReadonlyMap<Run, TailPolicy>,
  { blockSize, xip }: ResolvedOptions,
): XipRegion {
  const least = xip.mode === 'mmu' ? blockSize : xip.align;
  const gaps: Gap[] = [];
  let here = 0;
  let alignment = least;
  for (const run of runs) {
    const ownAlignment = xip.alignSegments ? segmentAlignment(run, least, blockSize) : least;
    alignment = Math.max(alignment, ownAlignment);
    run.position = alignUp(here, ownAlignment);
    const end = run.position + run.size;
    const pageEnd = run.position + alignUp(run.size, blockSize);
    here = pageEnd;
    if (!padsTail(tails.get(run)!, pageEnd - end, blockSize, xip.mode)) {
      if (xip.mode === 'mmu') gaps.push({ start: alignUp(end, DIRECT_ALIGNMENT), end: pageEnd });
      else here = end;
    }
  }
  return { alignment, size: here, inGaps: fillGaps(gaps, chunks) };
}

/**
 * What p_align of the run's program asks, but at most a page: runs start at a page of the file, so addresses
 * in memory and in the program cannot agree any further.
 */
function segmentAlignment({ content }: Run, least: number, blockSize: number): number {
  const asked = Math.min(content.alignment, blockSize);
  return Number.isInteger(Math.log2(asked)) ? Math.max(least, asked) : least;
}

/**
 * `auto`: without an MMU Linux maps the last page whatever follows the file, so padding buys
 * nothing. With one, padding of less than half a page is cheaper than the page of RAM it saves.
 */
function padsTail(policy: TailPolicy, waste: number, blockSize: number, mode: string): boolean {
  if (policy !== 'auto') return policy === 'pad';
  return mode === 'mmu' && waste < blockSize / 2;
}

/** Best fit, largest chunk first. Ties keep their order, so that the result is reproducible. */
function fillGaps(gaps: Gap[], chunks: readonly Chunk[]): Set<Chunk> {
  const filled = new Set<Chunk>();
  const room = ({ start, end }: Gap): number => end - start;
  const bySize = (a: Gap, b: Gap): number => room(a) - room(b) || a.start - b.start;
  gaps.sort(bySize);
  if (gaps.length === 0) return filled;
  for (const chunk of [...chunks].sort((a, b) => b.size - a.size)) {
    const index = lowerBound(gaps, (gap) => room(gap) >= chunk.size);
    const [gap] = gaps.splice(index, 1);
    if (gap === undefined) continue;
    chunk.position = gap.start;
    gap.start += chunk.size;
    filled.add(chunk);
    gaps.splice(
      lowerBound(gaps, (other) => bySize(other, gap) > 0),
      0,
      gap,
    );
  }
  return filled;
}

/** The first index of the sorted `items` for which `holds` is true; it must be monotone. */
function lowerBound<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(items[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

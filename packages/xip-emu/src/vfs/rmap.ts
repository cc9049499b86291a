import type { Frame, Pgoff } from '../units.js';
import type { AddressSpace } from './address-space.js';

/**
 * Drops the page table entries of the pages `first`..`end` (exclusive) of a file, in all areas that
 * map them. Compare mm/memory.c:unmap_mapping_range().
 *
 * @param evenCows also drops private copies of those pages, which are gone from the file. Without
 * it only pages of the page cache are dropped.
 */
export function unmapMappingRange(
  mapping: AddressSpace,
  first: Pgoff,
  end: Pgoff,
  evenCows: boolean,
): void {
  for (const vma of mapping.iMmap ?? []) {
    const from = Math.max(vma.start, vma.start + (first - vma.pgoff));
    const to = Math.min(vma.end, vma.start + (end - vma.pgoff));
    if (from < to) vma.mm.zap(from, to, evenCows);
  }
}

/**
 * Write-protects all entries of a file's page: the next store to a shared map calls `pageMkwrite`
 * again. Compare mm/rmap.c:folio_mkclean().
 */
export function folioMkclean(mapping: AddressSpace, index: Pgoff, frame: Frame): void {
  for (const vma of mapping.iMmap ?? []) {
    const vpn = vma.start + (index - vma.pgoff);
    if (vpn >= vma.start && vpn < vma.end) vma.mm.cleanEntry(vma, vpn, frame);
  }
}

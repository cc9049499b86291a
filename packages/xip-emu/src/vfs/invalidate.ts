import type { Pgoff } from '../units.js';
import type { AddressSpace } from './address-space.js';
import { unmapMappingRange } from './rmap.js';
import { writebackRange } from './writeback.js';

/**
 * Drops the pages `first`..`end` (exclusive) of a file from the page cache and from all areas, after
 * writing the dirty ones; private copies stay. Compare mm/truncate.c:invalidate_inode_pages2_range().
 *
 * @throws SyscallError as the file system's `writeFolio` does.
 */
export function invalidatePages(
  mapping: AddressSpace,
  first: Pgoff = 0,
  end: Pgoff = Infinity,
): void {
  writebackRange(mapping, first, end);
  unmapMappingRange(mapping, first, end, false);
  for (const index of [...mapping.indexes()]) {
    if (index >= first && index < end) mapping.remove(index);
  }
}

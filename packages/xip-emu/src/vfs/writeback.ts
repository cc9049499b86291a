import { PG_DIRTY } from '../phys/frame-table.js';
import type { Pgoff } from '../units.js';
import type { AddressSpace } from './address-space.js';
import { folioMkclean } from './rmap.js';

/**
 * Gives the dirty pages `from`..`to` (exclusive) of a file to its file system, in their order, and
 * makes them clean: the next store through a map faults and makes them dirty again. Does nothing if
 * pages are only in the cache. Compare mm/filemap.c:filemap_write_and_wait_range().
 *
 * @throws SyscallError as `writeFolio` does.
 */
export function writebackRange(mapping: AddressSpace, from: Pgoff = 0, to: Pgoff = Infinity): void {
  const { aops, phys, geometry } = mapping;
  if (aops.writeFolio === undefined) return;
  for (const index of mapping.indexes()) {
    if (index < from) continue;
    if (index >= to) return;
    const frame = mapping.find(index);
    if (!phys.frames.hasFlag(frame, PG_DIRTY)) continue;
    folioMkclean(mapping, index, frame);
    phys.frames.clearFlag(frame, PG_DIRTY);
    // Stores past the end of the file are lost: iomap_writepage_handle_eof().
    const inside = Math.max(mapping.host.size - index * geometry.size, 0);
    if (inside < geometry.size) phys.borrowWritable(frame).fill(0, inside);
    aops.writeFolio(mapping, index, phys.borrow(frame));
  }
}

/** Writes back the pages that the bytes `start`..`end` (exclusive) are in. @throws SyscallError. */
export function writebackBytes(mapping: AddressSpace, start: number, end: number): void {
  const { geometry } = mapping;
  writebackRange(mapping, geometry.pageOf(start), geometry.pagesOf(end));
}

import { SyscallError } from '../errno.js';
import type { Address, Vpn } from '../units.js';
import { VM_ACCOUNT } from '../vfs/vm-area.js';
import type { Mm } from './mm-struct.js';
import { checkMapCount, splitVma } from './vma-merge.js';
import type { Vma } from './vma.js';
import { freePageTables, zapRange } from './zap.js';

/** munmap(2). @throws SyscallError EINVAL, ENOMEM. */
export function munmap(mm: Mm, address: Address, length: number): void {
  const { geometry } = mm;
  if (!geometry.isAligned(address)) throw new SyscallError('EINVAL', 'address is not page aligned');
  munmapPages(mm, geometry.pageOf(address), geometry.lengthPages(length));
}

/** {@link munmap} in pages. Compare mm/vma.c:do_vmi_munmap(). @throws SyscallError EINVAL, ENOMEM. */
export function munmapPages(mm: Mm, start: Vpn, pages: number): void {
  if (start > mm.taskSize || pages > mm.taskSize - start || pages === 0) {
    throw new SyscallError('EINVAL');
  }
  unmapRange(mm, start, start + pages);
}

/**
 * Splits the areas that a range begins or ends in.
 *
 * @returns pages in the range that memory was promised for (VM_ACCOUNT). Compare
 * mm/vma.c:vms_gather_munmap_vmas().
 */
export function splitEdges(mm: Mm, start: Vpn, end: Vpn): number {
  const first = mm.vmas.vmaAt(start);
  if (first !== undefined && first.start < start) {
    // A hole in an area makes one area more.
    if (first.end > end) checkMapCount(mm);
    splitVma(mm, first, start);
  }
  let accounted = 0;
  for (let vma = mm.vmas.findVma(start); vma !== undefined && vma.start < end; vma = vma.next) {
    if (vma.end > end) splitVma(mm, vma, end);
    if ((vma.flags & VM_ACCOUNT) !== 0) accounted += vma.end - vma.start;
  }
  return accounted;
}

/** Removes whatever is in a range. Compare mm/vma.c:do_vmi_align_munmap(). */
export function unmapRange(mm: Mm, start: Vpn, end: Vpn): void {
  let vma: Vma | undefined = mm.vmas.findVma(start);
  if (vma === undefined || vma.start >= end) return;
  splitEdges(mm, start, end);
  vma = mm.vmas.findVma(start);
  while (vma !== undefined && vma.start < end) {
    const next: Vma | undefined = vma.next;
    zapRange(mm, vma.start, vma.end);
    mm.vmas.unlink(vma);
    mm.vmaCache.free(vma);
    vma = next;
  }
  freePageTables(mm, start, end);
}

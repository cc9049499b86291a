import { SyscallError } from '../errno.js';
import { isPageAligned, pageOf, pagesOf, type Address, type Vpn } from '../units.js';
import type { Mm } from './mm-struct.js';
import { VPN_LIMIT } from './page-table.js';
import { splitVma } from './vma-merge.js';
import type { Vma } from './vma.js';
import { freePageTables, zapRange } from './zap.js';

/** munmap(2). @throws SyscallError EINVAL, ENOMEM. */
export function munmap(mm: Mm, address: Address, length: number): void {
  if (!isPageAligned(address)) throw new SyscallError('EINVAL', 'address is not page aligned');
  const start = pageOf(address);
  const pages = pagesOf(length);
  if (start > VPN_LIMIT || pages > VPN_LIMIT - start || pages === 0) {
    throw new SyscallError('EINVAL');
  }
  unmapRange(mm, start, start + pages);
}

/** Removes whatever is in a range. Compare mm/vma.c:do_vmi_align_munmap(). */
export function unmapRange(mm: Mm, start: Vpn, end: Vpn): void {
  let vma: Vma | undefined = mm.findVma(start);
  if (vma === undefined || vma.start >= end) return;
  if (vma.start < start) {
    // A hole in one area needs one more.
    if (vma.end > end) mm.checkMapCount();
    vma = splitVma(mm, vma, start);
  }
  while (vma !== undefined && vma.start < end) {
    if (vma.end > end) splitVma(mm, vma, end);
    const next: Vma | undefined = vma.next;
    zapRange(mm, vma, vma.start, vma.end);
    mm.unlink(vma);
    mm.freeVma(vma);
    vma = next;
  }
  freePageTables(mm, start, end);
}

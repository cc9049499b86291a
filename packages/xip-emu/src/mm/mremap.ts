import { alignedPages } from '../aligned-length.js';
import { SyscallError } from '../errno.js';
import { PAGE_SIZE, isPageAligned, pageOf, type Address, type Vpn } from '../units.js';
import { VM_ACCOUNT, VM_DONTEXPAND, VM_MAYSHARE, VM_PFNMAP, VM_SHARED } from '../vfs/vm-area.js';
import { cloneAnonVmas } from './anon-vma.js';
import type { Mm } from './mm-struct.js';
import { unmapRange } from './munmap.js';
import { getUnmappedArea } from './unmapped-area.js';
import { mergeNewRange } from './vma-merge.js';
import type { Vma } from './vma.js';

/**
 * mremap(2), with MREMAP_MAYMOVE or without flags. Compare mm/mremap.c:sys_mremap().
 *
 * @throws SyscallError EINVAL, EFAULT (nothing there, more than one area, or an area that cannot
 * grow), ENOMEM.
 */
export function mremap(
  mm: Mm,
  address: Address,
  oldLength: number,
  newLength: number,
  mayMove: boolean,
): Address {
  if (!isPageAligned(address)) throw new SyscallError('EINVAL', 'address is not page aligned');
  const start = pageOf(address);
  const oldPages = alignedPages(oldLength);
  const newPages = alignedPages(newLength);
  if (newPages === 0) throw new SyscallError('EINVAL', 'no new length');
  const vma = mm.vmaAt(start);
  if (vma === undefined) throw new SyscallError('EFAULT', 'nothing is mapped there');
  if (oldPages >= newPages) {
    if (oldPages > newPages) unmapRange(mm, start + newPages, start + oldPages);
    return address;
  }
  checkGrow(vma, start, oldPages);
  if (start + oldPages === vma.end && isExpandable(mm, vma, newPages - oldPages)) {
    expand(mm, vma, newPages - oldPages);
    return address;
  }
  if (!mayMove) throw new SyscallError('ENOMEM', 'no room behind the area');
  const to = getUnmappedArea(mm, 0, newPages);
  moveVma(mm, vma, start, oldPages, to, newPages);
  return to * PAGE_SIZE;
}

/** Compare mm/mremap.c:vma_to_resize(). */
function checkGrow(vma: Vma, start: Vpn, oldPages: number): void {
  if (oldPages === 0 && (vma.flags & (VM_SHARED | VM_MAYSHARE)) === 0) {
    throw new SyscallError('EINVAL', 'an old length of 0');
  }
  if (oldPages > vma.end - start) throw new SyscallError('EFAULT', 'more than one area');
  if ((vma.flags & (VM_DONTEXPAND | VM_PFNMAP)) !== 0) {
    throw new SyscallError('EFAULT', 'the area must not grow');
  }
}

function isExpandable(mm: Mm, { end }: Vma, pages: number): boolean {
  const next = mm.findVma(end);
  return end + pages <= mm.taskSize && (next === undefined || next.start >= end + pages);
}

/** Compare mm/vma.c:vma_merge_extend(): growing is merging with a new range behind. */
function expand(mm: Mm, vma: Vma, pages: number): void {
  checkAccount(mm, vma, pages);
  const { end, flags, file, anonVma } = vma;
  const pgoff = vma.pgoff + (end - vma.start);
  const request = { start: end, end: end + pages, pgoff, flags, file, anonVma };
  if (mergeNewRange(mm, request, vma, vma.next) === undefined) {
    throw new SyscallError('ENOMEM', 'the area cannot be merged with more of itself');
  }
}

function checkAccount(mm: Mm, { flags }: Vma, pages: number): void {
  if ((flags & VM_ACCOUNT) !== 0 && pages > mm.phys.ramFrames) {
    throw new SyscallError('ENOMEM', 'overcommit');
  }
}

/** Moves a range of an area, with its entries, to a free place. Compare mm/mremap.c:move_vma(). */
function moveVma(mm: Mm, vma: Vma, start: Vpn, oldPages: number, to: Vpn, newPages: number): void {
  mm.checkMapCount(3);
  checkAccount(mm, vma, newPages - oldPages);
  copyVma(mm, vma, start, to, newPages);
  const { pageTable } = mm;
  for (let page = 0; page < oldPages; page += 1) {
    if (pageTable.leafOf(start + page) !== undefined) pageTable.ensureLeaf(to + page);
    const pte = pageTable.get(start + page);
    if (pte === 0) continue;
    pageTable.set(start + page, 0);
    pageTable.set(to + page, pte);
  }
  // The pages may have gone with a merge of source and target; what is at the old place goes.
  unmapRange(mm, start, start + oldPages);
}

/** Compare mm/vma.c:copy_vma(). */
function copyVma(mm: Mm, vma: Vma, start: Vpn, to: Vpn, pages: number): void {
  const { flags, file, anonVma } = vma;
  // Anonymous memory that nobody has touched takes the offset of its new place.
  const untouched = vma.ops === undefined && anonVma === undefined;
  const pgoff = untouched ? to : vma.pgoff + (start - vma.start);
  const next = mm.findVma(to);
  const prev = next === undefined ? mm.vmas.findBefore(to) : next.prev;
  const request = { start: to, end: to + pages, pgoff, flags, file, anonVma };
  if (mergeNewRange(mm, request, prev, next) !== undefined) return;
  const copy = mm.dupVma(vma);
  copy.start = to;
  copy.end = to + pages;
  copy.pgoff = pgoff;
  copy.anonVma = anonVma;
  cloneAnonVmas(copy, vma);
  mm.link(copy);
}

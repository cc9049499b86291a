import { SyscallError } from '../errno.js';
import { MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE } from '../memory-map.js';
import type { Address, Vpn } from '../units.js';
import { VM_ACCOUNT, VM_DONTEXPAND, VM_MAYSHARE, VM_PFNMAP, VM_SHARED } from '../vfs/vm-area.js';
import { cloneAnonVmas, unlinkAnonVmas } from './anon-vma.js';
import type { Mm } from './mm-struct.js';
import { munmapPages, unmapRange } from './munmap.js';
import { checkFixed, colourOf, getUnmappedArea, type CacheColour } from './unmapped-area.js';
import { checkMapCount, mergeNewRange } from './vma-merge.js';
import type { Vma } from './vma.js';

/** A range to be moved, in pages; `to` is the new place, without MREMAP_FIXED only a hint. */
interface Move {
  readonly start: Vpn;
  readonly oldPages: number;
  readonly to: Vpn;
  readonly newPages: number;
  /** MREMAP_*. */
  readonly flags: number;
}

/**
 * mremap(2). Checks in the order of mm/mremap.c:sys_mremap().
 *
 * @param flags MREMAP_*.
 * @param newAddress the place with MREMAP_FIXED, a hint with MREMAP_DONTUNMAP alone.
 * @throws SyscallError EINVAL, EFAULT (nothing there, more than one area, or an area that cannot
 * grow), ENOMEM.
 */
export function mremap(
  mm: Mm,
  address: Address,
  oldLength: number,
  newLength: number,
  flags = 0,
  newAddress: Address = 0,
): Address {
  checkFlags(flags, oldLength === newLength);
  const { geometry } = mm;
  if (!geometry.isAligned(address)) throw new SyscallError('EINVAL', 'address is not page aligned');
  const start = geometry.pageOf(address);
  const oldPages = geometry.lengthPages(oldLength);
  const newPages = geometry.lengthPages(newLength);
  if (newPages === 0) throw new SyscallError('EINVAL', 'no new length');
  if (mm.vmas.vmaAt(start) === undefined)
    throw new SyscallError('EFAULT', 'nothing is mapped there');
  if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) !== 0) {
    if (!geometry.isAligned(newAddress))
      throw new SyscallError('EINVAL', 'new address is not aligned');
    const to = geometry.pageOf(newAddress);
    return moveTo(mm, { start, oldPages, to, newPages, flags }) * geometry.size;
  }
  if (oldPages >= newPages) {
    if (oldPages > newPages) munmapPages(mm, start + newPages, oldPages - newPages);
    return address;
  }
  const vma = vmaToResize(mm, start, oldPages, newPages, flags);
  if (start + oldPages === vma.end && isExpandable(mm, vma, newPages - oldPages)) {
    expand(mm, vma, newPages - oldPages);
    return address;
  }
  if ((flags & MREMAP_MAYMOVE) === 0) throw new SyscallError('ENOMEM', 'no room after the area');
  const to = getUnmappedArea(mm, 0, newPages, colourAt(mm, vma, start));
  moveVma(mm, vma, { start, oldPages, to, newPages, flags });
  return to * geometry.size;
}

function checkFlags(flags: number, isSameLength: boolean): void {
  if ((flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)) !== 0) {
    throw new SyscallError('EINVAL', 'unknown flags');
  }
  const mayMove = (flags & MREMAP_MAYMOVE) !== 0;
  if ((flags & MREMAP_FIXED) !== 0 && !mayMove) {
    throw new SyscallError('EINVAL', 'MREMAP_FIXED without MREMAP_MAYMOVE');
  }
  if ((flags & MREMAP_DONTUNMAP) !== 0 && !(mayMove && isSameLength)) {
    throw new SyscallError('EINVAL', 'MREMAP_DONTUNMAP moves, and keeps the length');
  }
}

/**
 * With MREMAP_FIXED what is at the new place is gone also if the area then cannot move. Compare
 * mm/mremap.c:mremap_to().
 *
 * @returns the new place.
 */
function moveTo(mm: Mm, { start, oldPages, to, newPages, flags }: Move): Vpn {
  if (newPages > mm.taskSize || to > mm.taskSize - newPages) {
    throw new SyscallError('EINVAL', 'the new place is outside the address space');
  }
  // Sums of addresses wrap around, like unsigned longs.
  if ((start + oldPages) % (2 ** 64 / mm.geometry.size) > to && to + newPages > start) {
    throw new SyscallError('EINVAL', 'the old and the new place overlap');
  }
  checkMapCount(mm, 5);
  const isFixed = (flags & MREMAP_FIXED) !== 0;
  if (isFixed) munmapPages(mm, to, newPages);
  if (oldPages > newPages) munmapPages(mm, start + newPages, oldPages - newPages);
  const kept = Math.min(oldPages, newPages);
  const vma = vmaToResize(mm, start, kept, newPages, flags);
  const colour = colourAt(mm, vma, start);
  const place = isFixed ? to : getUnmappedArea(mm, to, newPages, colour);
  if (isFixed)
    checkFixed(mm, place, newPages, (vma.flags & VM_MAYSHARE) === 0 ? undefined : colour);
  moveVma(mm, vma, { start, oldPages: kept, to: place, newPages, flags });
  return place;
}

/** The colour of a page of an area. */
function colourAt(mm: Mm, { flags, file, start, pgoff }: Vma, vpn: Vpn): CacheColour | undefined {
  const isFile = file !== undefined;
  const shared = (flags & VM_MAYSHARE) !== 0;
  return colourOf(mm, { isFile, shared, pgoff: isFile ? pgoff + (vpn - start) : 0 });
}

/** Compare mm/mremap.c:vma_to_resize(). */
function vmaToResize(
  mm: Mm,
  start: Vpn,
  oldPages: number,
  newPages: number,
  mremapFlags: number,
): Vma {
  const vma = mm.vmas.vmaAt(start);
  if (vma === undefined) throw new SyscallError('EFAULT', 'nothing is mapped there');
  if (oldPages === 0 && (vma.flags & (VM_SHARED | VM_MAYSHARE)) === 0) {
    throw new SyscallError('EINVAL', 'an old length of 0');
  }
  const isRigid = (vma.flags & (VM_DONTEXPAND | VM_PFNMAP)) !== 0;
  if ((mremapFlags & MREMAP_DONTUNMAP) !== 0 && isRigid) {
    throw new SyscallError('EINVAL', 'the area must not be kept without its pages');
  }
  if (oldPages > vma.end - start) throw new SyscallError('EFAULT', 'more than one area');
  if (newPages !== oldPages && isRigid) throw new SyscallError('EFAULT', 'the area must not grow');
  return vma;
}

function isExpandable(mm: Mm, { end }: Vma, pages: number): boolean {
  const next = mm.vmas.findVma(end);
  return end + pages <= mm.taskSize && (next === undefined || next.start >= end + pages);
}

/** Compare mm/vma.c:vma_merge_extend(): growing is merging with a new range after it. */
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
function moveVma(mm: Mm, vma: Vma, { start, oldPages, to, newPages, flags }: Move): void {
  checkMapCount(mm, 3);
  const keepsSource = (flags & MREMAP_DONTUNMAP) !== 0;
  const end = start + oldPages;
  if (vma.start !== start) vma.ops?.maySplit?.(vma, start);
  if (vma.end !== end) vma.ops?.maySplit?.(vma, end);
  checkAccount(mm, vma, keepsSource ? newPages : newPages - oldPages);
  copyVma(mm, vma, { start, to, pages: newPages, keepsSource });
  movePageTables(mm, start, end, to);
  if (keepsSource) {
    if (vma.start === start && vma.end === end) forgetAnonVmas(mm, vma);
  } else if (oldPages > 0) {
    // The pages may be gone, if source and target have merged; unmap the rest of the old range.
    unmapRange(mm, start, end);
  }
}

/** Compare mm/mremap.c:move_page_tables(): where the source has a table, the target gets one. */
function movePageTables(mm: Mm, start: Vpn, end: Vpn, to: Vpn): void {
  const { pageTable } = mm;
  const { mask } = pageTable;
  let lost = 0;
  pageTable.walk(start, end, (leaf, first, after) => {
    const distance = to - start;
    // The part of one source table can need two target tables.
    pageTable.ensureLeaf(first + distance);
    pageTable.ensureLeaf(after - 1 + distance);
    for (let vpn = first; vpn < after; vpn += 1) {
      const pte = leaf[vpn & mask]!;
      if (pte === 0) continue;
      leaf[vpn & mask] = 0;
      lost |= pte;
      pageTable.set(vpn + distance, pte);
    }
  });
  mm.flushTlb(lost);
}

/** An area left without pages starts afresh: its offset is that of its place. */
function forgetAnonVmas(mm: Mm, vma: Vma): void {
  unlinkAnonVmas(vma);
  if (vma.ops === undefined && vma.file === undefined) {
    mm.vmas.setRange(vma, vma.start, vma.end, vma.start);
  }
}

interface CopyRequest {
  readonly start: Vpn;
  readonly to: Vpn;
  readonly pages: number;
  /** MREMAP_DONTUNMAP: source and copy are two areas. */
  readonly keepsSource: boolean;
}

/** Compare mm/vma.c:copy_vma(). */
function copyVma(mm: Mm, vma: Vma, { start, to, pages, keepsSource }: CopyRequest): void {
  const { flags, file, anonVma } = vma;
  // Anonymous memory that was never touched takes the offset of its new place.
  const untouched = vma.ops === undefined && anonVma === undefined;
  const pgoff = untouched ? to : vma.pgoff + (start - vma.start);
  const following = mm.vmas.findVma(to);
  const before = following === undefined ? mm.vmas.findBefore(to) : following.prev;
  const next = keepsSource && following === vma ? undefined : following;
  const prev = keepsSource && before === vma ? undefined : before;
  const request = { start: to, end: to + pages, pgoff, flags, file, anonVma };
  if (mergeNewRange(mm, request, prev, next) !== undefined) return;
  const copy = mm.vmaCache.dup(vma);
  copy.start = to;
  copy.end = to + pages;
  copy.pgoff = pgoff;
  copy.anonVma = anonVma;
  cloneAnonVmas(copy, vma);
  mm.vmas.link(copy);
}

import { SyscallError, isSyscallError } from '../errno.js';
import { ADVICE, type Advice } from '../memory-map.js';
import { PG_DIRTY, PG_LAZYFREE } from '../phys/frame-table.js';
import type { Address, Vpn } from '../units.js';
import { forcePageCacheReadahead } from '../vfs/filemap.js';
import { VM_PFNMAP, VM_RAND_READ, VM_SEQ_READ } from '../vfs/vm-area.js';
import type { Mm } from './mm-struct.js';
import { faultInRange } from './populate.js';
import { PTE_DIRTY, PTE_SPECIAL, PTE_YOUNG, pteFrame } from './pte.js';
import { modifyFlags } from './vma-merge.js';
import type { Vma } from './vma.js';
import { zapRange } from './zap.js';

/**
 * madvise(2). Holes give ENOMEM at the end, after the rest was done; any other error ends it.
 *
 * @throws SyscallError EINVAL, ENOMEM, EAGAIN (too many areas), EFAULT. Compare mm/madvise.c:do_madvise().
 */
export function madvise(mm: Mm, address: Address, length: number, advice: Advice): void {
  if (!ADVICE.includes(advice)) throw new SyscallError('EINVAL', 'no such advice');
  const { geometry } = mm;
  if (!geometry.isAligned(address)) throw new SyscallError('EINVAL', 'address is not page aligned');
  const start = geometry.pageOf(address);
  const end = start + geometry.lengthPages(length);
  if (end === start) {
    if (length > 0) throw new SyscallError('EINVAL', 'a length that wraps round');
    return;
  }
  if (advice === 'populate_r' || advice === 'populate_w') {
    populateRange(mm, start, end, advice === 'populate_w');
  } else if (advice === 'dontneed') {
    dontNeed(mm, start, end);
  } else {
    walkVmas(mm, start, end, (vma, prev, from, to) => adviseVma(mm, vma, prev, from, to, advice));
  }
}

type Visit = (vma: Vma, prev: Vma | undefined, start: Vpn, end: Vpn) => Vma;

/** Compare mm/madvise.c:madvise_walk_vmas(). `visit` gives the area that has the range then. */
function walkVmas(mm: Mm, start: Vpn, end: Vpn, visit: Visit): void {
  let vma = mm.vmas.findVma(start);
  let prev = vma !== undefined && start > vma.start ? vma : vma?.prev;
  let at = start;
  let holes = false;
  while (at < end) {
    if (vma === undefined) throw new SyscallError('ENOMEM', 'a hole');
    if (at < vma.start) {
      holes = true;
      at = vma.start;
      if (at >= end) break;
    }
    prev = visit(vma, prev, at, Math.min(vma.end, end));
    at = Math.max(Math.min(vma.end, end), prev.end);
    if (at >= end) break;
    vma = mm.vmas.findVma(prev.end);
  }
  if (holes) throw new SyscallError('ENOMEM', 'a hole');
}

function adviseVma(
  mm: Mm,
  vma: Vma,
  prev: Vma | undefined,
  start: Vpn,
  end: Vpn,
  advice: Exclude<Advice, 'dontneed' | 'populate_r' | 'populate_w'>,
): Vma {
  switch (advice) {
    case 'normal':
      return setReadFlags(mm, vma, prev, start, end, 0);
    case 'random':
      return setReadFlags(mm, vma, prev, start, end, VM_RAND_READ);
    case 'sequential':
      return setReadFlags(mm, vma, prev, start, end, VM_SEQ_READ);
    case 'willneed':
      willNeed(vma, start, end);
      return vma;
    case 'free':
      if ((vma.flags & VM_PFNMAP) !== 0) throw new SyscallError('EINVAL', 'VM_PFNMAP');
      if (vma.ops !== undefined) throw new SyscallError('EINVAL', 'not anonymous');
      freeLazily(mm, start, end);
      return vma;
  }
}

function setReadFlags(
  mm: Mm,
  vma: Vma,
  prev: Vma | undefined,
  start: Vpn,
  end: Vpn,
  set: number,
): Vma {
  const flags = (vma.flags & ~(VM_RAND_READ | VM_SEQ_READ)) | set;
  if (flags === vma.flags) return vma;
  try {
    const target = modifyFlags(mm, prev, vma, start, end, flags);
    mm.vmas.setFlags(target, flags);
    return target;
  } catch (error) {
    if (isSyscallError(error, 'ENOMEM')) throw new SyscallError('EAGAIN', error.reason);
    throw error;
  }
}

/** Compare mm/madvise.c:madvise_willneed(), in a kernel with swap. */
function willNeed(vma: Vma, start: Vpn, end: Vpn): void {
  const mapping = vma.file?.mapping;
  if (mapping === undefined) return;
  forcePageCacheReadahead(mapping, vma.pgoff + (start - vma.start), end - start);
}

/**
 * Drops pages only, and so does not look at the areas. Compare
 * mm/madvise.c:madvise_dontneed_single_vma().
 */
function dontNeed(mm: Mm, start: Vpn, end: Vpn): void {
  const covered = mm.vmas.visit(start, end, (from, to, tag) => {
    if ((tag & VM_PFNMAP) !== 0) throw new SyscallError('EINVAL', 'VM_PFNMAP');
    zapRange(mm, from, to);
  });
  if (!covered) throw new SyscallError('ENOMEM', 'a hole');
}

/** Compare mm/madvise.c:madvise_free_pte_range(): nothing is reclaimed, so the pages stay. */
function freeLazily(mm: Mm, start: Vpn, end: Vpn): void {
  const { pageTable, phys } = mm;
  let lost = 0;
  for (const [vpn, pte] of pageTable.presentIn(start, end)) {
    if ((pte & PTE_SPECIAL) !== 0) continue;
    const frame = pteFrame(pte);
    if (phys.frames.hasFlag(frame, PG_DIRTY) && phys.frames.mapCount(frame) !== 1) continue;
    phys.frames.clearFlag(frame, PG_DIRTY);
    phys.frames.setFlag(frame, PG_LAZYFREE);
    pageTable.set(vpn, pte & ~(PTE_DIRTY | PTE_YOUNG));
    lost |= pte & (PTE_DIRTY | PTE_YOUNG);
  }
  mm.flushTlb(lost);
}

/** Compare mm/madvise.c:madvise_populate(). */
function populateRange(mm: Mm, start: Vpn, end: Vpn, write: boolean): void {
  for (let at = start; at < end;) {
    const vma = mm.vmas.vmaAt(at);
    if (vma === undefined) throw new SyscallError('ENOMEM', 'a hole');
    const to = Math.min(end, vma.end);
    const result = faultInRange(mm, vma, at, to, { write, force: false });
    if (result === 'not-permitted') throw new SyscallError('EINVAL', 'not permitted in the area');
    if (result === 'faulted') throw new SyscallError('EFAULT', 'a page cannot be read');
    at = to;
  }
}

import { PG_DIRTY, PG_LAZYFREE } from '../phys/frame-table.js';
import { PAGE_SIZE } from '../units.js';
import {
  VM_ACCOUNT,
  VM_DONTDUMP,
  VM_DONTEXPAND,
  VM_EXEC,
  VM_GROWSDOWN,
  VM_IO,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYSHARE,
  VM_MAYWRITE,
  VM_MIXEDMAP,
  VM_NORESERVE,
  VM_PFNMAP,
  VM_RAND_READ,
  VM_READ,
  VM_SEQ_READ,
  VM_SHARED,
  VM_WRITE,
} from '../vfs/vm-area.js';
import type { Mm } from '../mm/mm-struct.js';
import { PTE_DIRTY, PTE_SPECIAL, PTE_YOUNG, pteFrame } from '../mm/pte.js';
import type { Vma } from '../mm/vma.js';

/** Letters of VmFlags in the order of their bits: fs/proc/task_mmu.c:show_smap_vma_flags(). */
const MNEMONICS: readonly (readonly [flag: number, letters: string])[] = [
  [VM_READ, 'rd'],
  [VM_WRITE, 'wr'],
  [VM_EXEC, 'ex'],
  [VM_SHARED, 'sh'],
  [VM_MAYREAD, 'mr'],
  [VM_MAYWRITE, 'mw'],
  [VM_MAYEXEC, 'me'],
  [VM_MAYSHARE, 'ms'],
  [VM_GROWSDOWN, 'gd'],
  [VM_PFNMAP, 'pf'],
  [VM_IO, 'io'],
  [VM_SEQ_READ, 'sr'],
  [VM_RAND_READ, 'rr'],
  [VM_DONTEXPAND, 'de'],
  [VM_ACCOUNT, 'ac'],
  [VM_NORESERVE, 'nr'],
  [VM_DONTDUMP, 'dd'],
  [VM_MIXEDMAP, 'mm'],
];

/** The line VmFlags of smaps, without its name. */
export function vmFlagsText(flags: number): string {
  return MNEMONICS.filter(([flag]) => (flags & flag) !== 0)
    .map(([, letters]) => letters)
    .join(' ');
}

/** As in the second column of maps. */
export function permissionsText(flags: number): string {
  return [
    (flags & VM_READ) === 0 ? '-' : 'r',
    (flags & VM_WRITE) === 0 ? '-' : 'w',
    (flags & VM_EXEC) === 0 ? '-' : 'x',
    (flags & VM_MAYSHARE) === 0 ? 'p' : 's',
  ].join('');
}

/** The offset column: file offset, or physical address in a private VM_PFNMAP; bytes. */
export function offsetOf({ file, pgoff }: Vma): number {
  return file === undefined ? 0 : pgoff * PAGE_SIZE;
}

/** What smaps says about the pages of an area, in bytes; `pss` as Linux rounds it down. */
export interface SmapsCounts {
  rss: number;
  pss: number;
  sharedClean: number;
  sharedDirty: number;
  privateClean: number;
  privateDirty: number;
  anonymous: number;
  /** Of the pss, what is dirty. */
  pssDirty: number;
  /** By their entries alone. */
  referenced: number;
  /** After MADV_FREE, and still clean. */
  lazyFree: number;
}

/** Of an area without pages. */
export function noCounts(): SmapsCounts {
  return {
    rss: 0,
    pss: 0,
    sharedClean: 0,
    sharedDirty: 0,
    privateClean: 0,
    privateDirty: 0,
    anonymous: 0,
    pssDirty: 0,
    referenced: 0,
    lazyFree: 0,
  };
}

/** Bits behind the point of a pss sum. */
const PSS_SHIFT = 12;

/** Compare fs/proc/task_mmu.c:smaps_account(). ROM and the zero page have no struct page. */
export function smapsCounts({ pageTable, phys }: Mm, vma: Vma): SmapsCounts {
  const counts = noCounts();
  let pss = 0;
  let pssDirty = 0;
  for (const [, pte] of pageTable.presentIn(vma.start, vma.end)) {
    if ((pte & PTE_SPECIAL) !== 0) continue;
    const frame = pteFrame(pte);
    const dirty = (pte & PTE_DIRTY) !== 0 || phys.frames.hasFlag(frame, PG_DIRTY);
    const shares = phys.frames.mapCount(frame);
    counts.rss += PAGE_SIZE;
    if ((pte & PTE_YOUNG) !== 0) counts.referenced += PAGE_SIZE;
    if (phys.frames.isAnon(frame)) {
      counts.anonymous += PAGE_SIZE;
      if (!dirty && phys.frames.hasFlag(frame, PG_LAZYFREE)) counts.lazyFree += PAGE_SIZE;
    }
    const share = Math.floor((PAGE_SIZE * 2 ** PSS_SHIFT) / shares);
    pss += share;
    if (dirty) pssDirty += share;
    if (shares > 1) counts[dirty ? 'sharedDirty' : 'sharedClean'] += PAGE_SIZE;
    else counts[dirty ? 'privateDirty' : 'privateClean'] += PAGE_SIZE;
  }
  counts.pss = Math.floor(pss / 2 ** PSS_SHIFT);
  counts.pssDirty = Math.floor(pssDirty / 2 ** PSS_SHIFT);
  return counts;
}

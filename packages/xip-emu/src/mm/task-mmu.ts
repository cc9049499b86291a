import type { MemoryAccount, MemoryArea, MemoryPage, SmapsCounts } from '../memory-report.js';
import { NO_PAGE } from '../memory-report.js';
import { ZERO_FRAME } from '../phys/frame.js';
import { PG_DIRTY, PG_LAZYFREE } from '../phys/frame-table.js';
import type { Address, Frame } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import { VM_EXEC, VM_MAYEXEC, VM_MAYREAD, VM_MAYSHARE, VM_READ, VM_WRITE } from '../vfs/vm-area.js';
import type { Mm } from './mm-struct.js';
import { PTE_DIRTY, PTE_PRESENT, PTE_SPECIAL, PTE_YOUNG, pteFrame } from './pte.js';
import { placeOf } from './trace-fault.js';
import type { Vma } from './vma.js';

/** Compare arch/arm/kernel/process.c:gate_vma_init(). */
const GATE_FLAGS = VM_READ | VM_EXEC | VM_MAYREAD | VM_MAYEXEC;
/** Fractional bits of a pss sum. */
const PSS_SHIFT = 12;

/** What /proc/PID/maps lists: the areas, then the kernel's own gate area. */
export function* areasOf(mm: Mm): Generator<MemoryArea> {
  for (const vma of mm.vmas) yield areaOf(mm, vma);
  const { gateArea } = mm.host.build;
  if (gateArea === undefined) return;
  yield {
    ...gateArea,
    permissions: permissionsText(GATE_FLAGS),
    offset: 0,
    file: undefined,
    vmFlags: GATE_FLAGS,
    counts: noCounts,
  };
}

/** Compare fs/proc/task_mmu.c:show_map_vma(). */
function areaOf(mm: Mm, vma: Vma): MemoryArea {
  const { start, end, flags, file, pgoff } = vma;
  const { size: pageSize } = mm.geometry;
  return {
    start: start * pageSize,
    end: end * pageSize,
    permissions: permissionsText(flags),
    offset: file === undefined ? 0 : pgoff * pageSize,
    file,
    name: file === undefined ? nameOf(mm, vma) : escapeNewlines(file.path),
    vmFlags: flags,
    counts: () => smapsCounts(mm, vma),
  };
}

/** Returns the second column of maps. */
export function permissionsText(flags: number): string {
  return [
    (flags & VM_READ) === 0 ? '-' : 'r',
    (flags & VM_WRITE) === 0 ? '-' : 'w',
    (flags & VM_EXEC) === 0 ? '-' : 'x',
    (flags & VM_MAYSHARE) === 0 ? 'p' : 's',
  ].join('');
}

/** Compare fs/proc/task_mmu.c:get_vma_name(). */
function nameOf(mm: Mm, vma: Vma): string | undefined {
  if (vma.ops?.name !== undefined) return vma.ops.name;
  const { size: pageSize } = mm.geometry;
  const [start, end] = [vma.start * pageSize, vma.end * pageSize];
  if (start < mm.brkEnd && end > mm.startBrk) return '[heap]';
  return start <= mm.startStack && end >= mm.startStack ? '[stack]' : undefined;
}

/** Escapes the one character that fs/seq_file.c:seq_path() is asked to. */
function escapeNewlines(path: string): string {
  return path.replaceAll('\n', '\\012');
}

function noCounts(): SmapsCounts {
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

/** Compare fs/proc/task_mmu.c:smaps_account(). ROM and the zero page have no struct page. */
export function smapsCounts({ pageTable, phys, geometry }: Mm, vma: Vma): SmapsCounts {
  const { frames } = phys;
  const { size: pageSize } = geometry;
  const counts = noCounts();
  let pss = 0;
  let pssDirty = 0;
  for (const [, pte] of pageTable.presentIn(vma.start, vma.end)) {
    if ((pte & PTE_SPECIAL) !== 0) continue;
    const frame = pteFrame(pte);
    const dirty = (pte & PTE_DIRTY) !== 0 || frames.hasFlag(frame, PG_DIRTY);
    const shares = frames.mapCount(frame);
    counts.rss += pageSize;
    if ((pte & PTE_YOUNG) !== 0) counts.referenced += pageSize;
    if (frames.isAnon(frame)) {
      counts.anonymous += pageSize;
      if (!dirty && frames.hasFlag(frame, PG_LAZYFREE)) counts.lazyFree += pageSize;
    }
    const share = Math.floor((pageSize * 2 ** PSS_SHIFT) / shares);
    pss += share;
    if (dirty) pssDirty += share;
    if (shares > 1) counts[dirty ? 'sharedDirty' : 'sharedClean'] += pageSize;
    else counts[dirty ? 'privateDirty' : 'privateClean'] += pageSize;
  }
  counts.pss = Math.floor(pss / 2 ** PSS_SHIFT);
  counts.pssDirty = Math.floor(pssDirty / 2 ** PSS_SHIFT);
  return counts;
}

/** Returns what the page table has for the page at an address. */
export function pageAt({ pageTable, phys, geometry }: Mm, address: Address): MemoryPage {
  const pte = pageTable.get(geometry.pageOf(address));
  if ((pte & PTE_PRESENT) === 0) return NO_PAGE;
  const { kind, pfn } = placeOf(phys, pteFrame(pte));
  return { backing: kind, physical: pfn * geometry.size };
}

/**
 * Counts the pages in the page table, area by area. The kernel's own, such as [vdso], take no RAM
 * of the process. See {@link MemoryReport.account}.
 */
export function accountMm(mm: Mm, romFrames: (file: OpenFile) => Set<Frame>): MemoryAccount {
  const { pageTable, phys } = mm;
  let romPages = 0;
  let pageCachePages = 0;
  let anonymousPages = 0;
  for (const { start, end, file, ops } of mm.vmas) {
    if (ops?.name !== undefined) continue;
    const rom = file && romFrames(file);
    for (const [, pte] of pageTable.presentIn(start, end)) {
      const frame = pteFrame(pte);
      if (frame === ZERO_FRAME) continue;
      if ((pte & PTE_SPECIAL) !== 0) {
        if (phys.rom.isAbsent(frame)) continue;
        romPages += 1;
        rom?.add(frame);
      } else if (phys.frames.isAnon(frame)) anonymousPages += 1;
      else pageCachePages += 1;
    }
  }
  return { romPages, pageCachePages, anonymousPages, pageTablePages: pageTable.leaves };
}

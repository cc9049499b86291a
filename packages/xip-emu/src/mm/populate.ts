import { PG_DIRTY } from '../phys/frame-table.js';
import type { Vpn } from '../units.js';
import {
  VM_ACCESS_FLAGS,
  VM_FAULT_ERROR,
  VM_IO,
  VM_MAYREAD,
  VM_PFNMAP,
  VM_READ,
  VM_SHARED,
  VM_WRITE,
} from '../vfs/vm-area.js';
import { handleMmFault } from './memory.js';
import type { Mm } from './mm-struct.js';
import { PTE_DIRTY, PTE_SPECIAL, PTE_WRITE, pteFrame } from './pte.js';
import { traceFault } from './trace-fault.js';
import type { Vma } from './vma.js';

/** What mm/gup.c:faultin_page_range() returns for one area. */
export type FaultIn = 'done' | 'not-permitted' | 'faulted';

/**
 * Makes the pages of a range of one area present, with write faults if `write`. Compare
 * mm/gup.c:__get_user_pages().
 *
 * @param force FOLL_FORCE: an area that can only be executed is read all the same.
 */
export function faultInRange(
  mm: Mm,
  vma: Vma,
  start: Vpn,
  end: Vpn,
  { write, force }: { readonly write: boolean; readonly force: boolean },
): FaultIn {
  if (!mayFaultIn(vma, write, force)) return 'not-permitted';
  for (let vpn = start; vpn < end; vpn += 1) {
    let pte = mm.pageTable.get(vpn);
    while (pte === 0 || (write && (pte & PTE_WRITE) === 0)) {
      if ((faultIn(mm, vma, vpn, write) & VM_FAULT_ERROR) !== 0) return 'faulted';
      pte = mm.pageTable.get(vpn);
    }
    // FOLL_TOUCH. Compare mm/gup.c:follow_page_pte().
    if (write && (pte & (PTE_SPECIAL | PTE_DIRTY)) === 0)
      mm.phys.frames.setFlag(pteFrame(pte), PG_DIRTY);
  }
  return 'done';
}

function faultIn(mm: Mm, vma: Vma, vpn: Vpn, write: boolean): number {
  if (mm.host.trace.sink === undefined) return handleMmFault(mm, vma, vpn, write);
  const kind = write ? 'write' : 'read';
  return traceFault(mm, vpn, vpn * mm.geometry.size, kind, () =>
    handleMmFault(mm, vma, vpn, write),
  );
}

/** Compare mm/gup.c:check_vma_flags(). */
function mayFaultIn({ flags }: Vma, write: boolean, force: boolean): boolean {
  if ((flags & (VM_IO | VM_PFNMAP)) !== 0) return false;
  if (write) return (flags & VM_WRITE) !== 0;
  return (flags & VM_READ) !== 0 || (force && (flags & VM_MAYREAD) !== 0);
}

/** MAP_POPULATE: as far as it goes, without an error. Compare mm/gup.c:__mm_populate(). */
export function populate(mm: Mm, start: Vpn, end: Vpn): void {
  for (
    let vma = mm.vmas.findVma(start);
    vma !== undefined && vma.start < end;
    vma = mm.vmas.findVma(vma.end)
  ) {
    const { flags } = vma;
    if ((flags & (VM_IO | VM_PFNMAP)) !== 0) continue;
    faultInRange(mm, vma, Math.max(start, vma.start), Math.min(end, vma.end), {
      write: (flags & (VM_WRITE | VM_SHARED)) === VM_WRITE,
      force: (flags & VM_ACCESS_FLAGS) !== 0,
    });
  }
}

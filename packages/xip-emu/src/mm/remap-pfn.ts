import { SyscallError } from '../errno.js';
import type { Frame, Pfn, Vpn } from '../units.js';
import { VM_DONTDUMP, VM_DONTEXPAND, VM_IO, VM_PFNMAP, isCowMapping } from '../vfs/vm-area.js';
import { setFilePte } from './memory.js';
import type { Mm } from './mm-struct.js';
import { PTE_PRESENT, PTE_SPECIAL, PTE_YOUNG, makePte } from './pte.js';
import { pageProt, type Vma } from './vma.js';

/**
 * Maps frames without struct page, all of them at once: these entries are primary state, no fault
 * ever makes them again. In a private area the file offset gives way to the pfn, which is how
 * copies are told from the original; only the whole area may be mapped then. Compare
 * mm/memory.c:remap_pfn_range_notrack().
 *
 * @throws SyscallError EINVAL
 */
export function remapPfnRange(mm: Mm, vma: Vma, vpn: Vpn, pfn: Pfn, pages: number): void {
  if (isCowMapping(vma.flags)) {
    if (vpn !== vma.start || vpn + pages !== vma.end) throw new SyscallError('EINVAL');
    vma.pgoff = pfn;
  }
  vma.flags |= VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP;
  const flags = pageProt(vma.flags, vma.ops) | PTE_PRESENT | PTE_SPECIAL;
  for (let page = 0; page < pages; page += 1) {
    mm.pageTable.set(vpn + page, makePte(frameAt(mm, pfn + page), flags));
  }
}

/** Maps one ROM page of a VM_MIXEDMAP, unless the page has an entry. Compare mm/memory.c:insert_pfn(). */
export function insertMixed(mm: Mm, vma: Vma, vpn: Vpn, pfn: Pfn): void {
  insertPfn(mm, vma, vpn, frameAt(mm, pfn));
}

/** Maps one page that is not counted, unless there is an entry. Compare mm/memory.c:insert_pfn(). */
export function insertPfn(mm: Mm, vma: Vma, vpn: Vpn, frame: Frame): void {
  if (mm.pageTable.get(vpn) !== 0) return;
  const flags = pageProt(vma.flags, vma.ops) | PTE_PRESENT | PTE_SPECIAL | PTE_YOUNG;
  mm.pageTable.set(vpn, makePte(frame, flags));
}

/** A neighbour that fault-around found. Compare mm/filemap.c:filemap_map_order0_folio(). */
export function mapAround(mm: Mm, vma: Vma, vpn: Vpn, frame: Frame): void {
  if (mm.pageTable.get(vpn) === 0) setFilePte(mm, vma, vpn, frame, false);
}

/** The kernel does not check what is at an address that a file system maps: see kernel fact K24. */
function frameAt({ phys }: Mm, pfn: Pfn): Frame {
  return phys.rom.frameOf(pfn) ?? phys.rom.absentFrame(pfn);
}

import type { MemoryMap } from '../memory-map.js';
import type { Mm } from '../mm/mm-struct.js';
import { MmuMemory } from '../mm/mmu-memory.js';
import { PTE_PRESENT, pteFrame } from '../mm/pte.js';
import { placeOf } from '../mm/trace-fault.js';
import { NommuMm } from '../nommu/nommu-mm.js';
import { VM_MAPPED_COPY } from '../nommu/vm-flags.js';
import { PAGE_SIZE, pageOf, pagesOf, type Address } from '../units.js';

/** What stands behind a page of a process's memory. */
export interface PageReport {
  /**
   * `none`: nothing yet (or nothing is mapped there); `copy`: without MMU, RAM that the kernel has
   * filled for the mapping; `absent`: a bus address that neither RAM nor ROM answers (kernel fact
   * K24).
   */
  readonly backing: 'rom' | 'page-cache' | 'anonymous' | 'zero' | 'copy' | 'absent' | 'none';
  /** Physical address of its first byte; undefined if there is none. */
  readonly physical: Address | undefined;
}

const NOTHING: PageReport = { backing: 'none', physical: undefined };

/** The pages of `length` bytes from `address` on; of the page table, and nothing is faulted in. */
export function pagesIn(mm: MemoryMap, address: Address, length: number): PageReport[] {
  const count = pagesOf(length);
  if (mm instanceof MmuMemory) {
    return Array.from({ length: count }, (_, page) => mmuPage(mm.mm, pageOf(address) + page));
  }
  if (mm instanceof NommuMm) {
    return Array.from({ length: count }, (_, page) => nommuPage(mm, address + page * PAGE_SIZE));
  }
  return [];
}

function mmuPage({ pageTable, phys }: Mm, vpn: number): PageReport {
  const pte = pageTable.get(vpn);
  if ((pte & PTE_PRESENT) === 0) return NOTHING;
  const { kind, pfn } = placeOf(phys, pteFrame(pte));
  return { backing: kind, physical: pfn * PAGE_SIZE };
}

/** Without MMU addresses are physical ones. */
function nommuPage(mm: NommuMm, address: Address): PageReport {
  const vma = mm.findVma(address);
  if (vma === undefined) return NOTHING;
  const isRam = (vma.vmRegion.vmFlags & VM_MAPPED_COPY) !== 0;
  const isThere = mm.regions.ram.phys.frameOf(pageOf(address)) !== undefined;
  return { backing: isRam ? 'copy' : isThere ? 'rom' : 'absent', physical: address };
}

import { PG_DIRTY } from '../phys/frame-table.js';
import type { Vpn } from '../units.js';
import type { Mm } from './mm-struct.js';
import { PTE_DIRTY, PTE_SPECIAL, pteFrame } from './pte.js';

/**
 * Clears the entries of a range of an area. Compare mm/memory.c:zap_pte_range().
 *
 * @param evenCows false: private copies stay.
 */
export function zapRange(mm: Mm, from: Vpn, to: Vpn, evenCows = true): void {
  const { pageTable, phys } = mm;
  const { mask } = pageTable;
  // PageTable.walk() inlined: with a function for each table, mmap() and munmap() cost a seventh
  // more.
  let lost = 0;
  for (let vpn = from; vpn < to;) {
    const end = Math.min(to, pageTable.leafEnd(vpn));
    const leaf = pageTable.leafOf(vpn);
    if (leaf === undefined) {
      vpn = end;
      continue;
    }
    for (; vpn < end; vpn += 1) {
      const pte = leaf[vpn & mask]!;
      if (pte === 0) continue;
      const frame = pteFrame(pte);
      const special = (pte & PTE_SPECIAL) !== 0;
      if (!evenCows && !special && phys.frames.isAnon(frame)) continue;
      leaf[vpn & mask] = 0;
      lost |= pte;
      if (special) continue;
      if ((pte & PTE_DIRTY) !== 0 && !phys.frames.isAnon(frame))
        phys.frames.setFlag(frame, PG_DIRTY);
      phys.removeMap(frame);
    }
  }
  mm.flushTlb(lost);
}

/** Frees the page tables that only covered a range where no area is any more. */
export function freePageTables(mm: Mm, from: Vpn, to: Vpn): void {
  const next = mm.vmas.findVma(from);
  const prev = next === undefined ? mm.vmas.findBefore(from) : next.prev;
  mm.pageTable.free(from, to, prev?.end ?? 0, next?.start ?? Number.MAX_SAFE_INTEGER);
}

import type { Mm } from '../mm/mm-struct.js';
import { PTE_PRESENT, PTE_SPECIAL, pteFrame } from '../mm/pte.js';
import type { Address } from '../units.js';
import { VM_PFNMAP } from '../vfs/vm-area.js';

/** Bits of an entry; the pfn is in bits 0 to 54. Neither swap nor soft-dirty bits exist here. */
export const PM_MMAP_EXCLUSIVE = 1n << 56n;
export const PM_FILE = 1n << 61n;
export const PM_PRESENT = 1n << 63n;
export const PM_PFRAME_MASK = (1n << 55n) - 1n;

/**
 * /proc/PID/pagemap as root reads it: an entry per page of the range, 0 where nothing is mapped.
 * Pages of a VM_PFNMAP are left out, so they are 0, too; ROM pages of a VM_MIXEDMAP are present and
 * neither file nor exclusive. Compare fs/proc/task_mmu.c:pte_to_pagemap_entry(),
 * mm/pagewalk.c:walk_page_test().
 *
 * @param length bytes.
 */
export function pagemapEntries(mm: Mm, address: Address, length: number): BigUint64Array {
  const { geometry } = mm;
  const start = geometry.pageOf(address);
  const entries = new BigUint64Array(geometry.pagesOf(address + length) - start);
  for (const index of entries.keys()) {
    const vma = mm.vmas.vmaAt(start + index);
    if (vma === undefined || (vma.flags & VM_PFNMAP) !== 0) continue;
    entries[index] = entryOf(mm, mm.pageTable.get(start + index));
  }
  return entries;
}

function entryOf({ phys }: Mm, pte: number): bigint {
  if ((pte & PTE_PRESENT) === 0) return 0n;
  const frame = pteFrame(pte);
  const entry = PM_PRESENT | (BigInt(phys.pfnOf(frame)) & PM_PFRAME_MASK);
  if ((pte & PTE_SPECIAL) !== 0) return entry;
  const file = phys.frames.isAnon(frame) ? 0n : PM_FILE;
  return entry | file | (phys.frames.mapCount(frame) === 1 ? PM_MMAP_EXCLUSIVE : 0n);
}

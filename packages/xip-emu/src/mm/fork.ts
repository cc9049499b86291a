import { PG_ANON_EXCLUSIVE } from '../phys/frame-table.js';
import { VM_MIXEDMAP, VM_PFNMAP, VM_SHARED, isCowMapping } from '../vfs/vm-area.js';
import { setExeFile } from '../vfs/write-access.js';
import { forkAnonVmas } from './anon-vma.js';
import type { Mm } from './mm-struct.js';
import { PTE_DIRTY, PTE_SPECIAL, PTE_WRITE, PTE_YOUNG, pteFrame } from './pte.js';
import type { Vma } from './vma.js';

/** Gives a child, which has no areas yet, a copy of the memory. Compare kernel/fork.c:dup_mmap(). */
export function dupMmap(child: Mm, parent: Mm): void {
  child.startBrk = parent.startBrk;
  child.brkEnd = parent.brkEnd;
  child.startStack = parent.startStack;
  setExeFile(child, parent.exeFile);
  for (const vma of parent.vmas) {
    const copy = child.vmaCache.dup(vma);
    forkAnonVmas(copy, vma);
    child.vmas.link(copy);
    if (needsCopy(vma)) copyPageRange(parent, child, vma);
  }
}

/**
 * Entries that a fault can make again are not copied; entries of ROM are, since no fault makes those. Compare
 * mm/memory.c:vma_needs_copy().
 */
function needsCopy({ flags, anonVma }: Vma): boolean {
  return (flags & (VM_PFNMAP | VM_MIXEDMAP)) !== 0 || anonVma !== undefined;
}

/** Compare mm/memory.c:copy_pte_range(). */
function copyPageRange(parent: Mm, child: Mm, vma: Vma): void {
  const { phys, pageTable } = parent;
  const { mask } = pageTable;
  const cow = isCowMapping(vma.flags);
  let lost = 0;
  pageTable.walk(vma.start, vma.end, (leaf, start, end) => {
    child.pageTable.ensureLeaf(start);
    for (let vpn = start; vpn < end; vpn += 1) {
      let pte = leaf[vpn & mask]!;
      if (pte === 0) continue;
      if (cow && (pte & PTE_WRITE) !== 0) {
        pte &= ~PTE_WRITE;
        leaf[vpn & mask] = pte;
        lost |= PTE_WRITE;
      }
      if ((pte & PTE_SPECIAL) === 0) {
        const frame = pteFrame(pte);
        if (phys.frames.isAnon(frame)) phys.frames.clearFlag(frame, PG_ANON_EXCLUSIVE);
        phys.frames.addMap(frame);
      }
      if ((vma.flags & VM_SHARED) !== 0) pte &= ~PTE_DIRTY;
      child.pageTable.set(vpn, pte & ~PTE_YOUNG);
    }
  });
  parent.flushTlb(lost);
}

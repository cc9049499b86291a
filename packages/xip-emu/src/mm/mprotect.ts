import { SyscallError } from '../errno.js';
import { PG_ANON_EXCLUSIVE } from '../phys/frame-table.js';
import {
  PROT_EXEC,
  PROT_GROWSDOWN,
  PROT_GROWSUP,
  PROT_READ,
  PROT_SEM,
  PROT_WRITE,
} from '../memory-map.js';
import type { Address, Vpn } from '../units.js';
import {
  VM_ACCESS_FLAGS,
  VM_ACCOUNT,
  VM_EXEC,
  VM_GROWSDOWN,
  VM_MAYEXEC,
  VM_NORESERVE,
  VM_SHARED,
  VM_WRITE,
} from '../vfs/vm-area.js';
import type { Mm } from './mm-struct.js';
import { PTE_DIRTY, PTE_PROT, PTE_SPECIAL, PTE_WRITE, pteFrame } from './pte.js';
import { modifyFlags } from './vma-merge.js';
import { pageProt, type Vma } from './vma.js';

const PROT_ANY = PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM;

/**
 * mprotect(2): area by area, so that those before a hole or a refusal are changed.
 *
 * @throws SyscallError EINVAL, ENOMEM (holes), EACCES. Compare mm/mprotect.c:do_mprotect_pkey().
 */
export function mprotect(mm: Mm, address: Address, length: number, prot: number): void {
  const grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);
  if (grows === (PROT_GROWSDOWN | PROT_GROWSUP)) throw new SyscallError('EINVAL');
  const { geometry } = mm;
  if (!geometry.isAligned(address)) throw new SyscallError('EINVAL', 'address is not page aligned');
  if (length === 0) return;
  let start = geometry.pageOf(address);
  const end = start + geometry.lengthPages(length);
  if (end === start) throw new SyscallError('ENOMEM', 'a length that wraps round');
  if ((prot & ~(PROT_ANY | grows)) !== 0) throw new SyscallError('EINVAL', 'unknown PROT_ flags');
  const impliesExec = mm.readImpliesExec && (prot & PROT_READ) !== 0;
  let vma = mm.vmas.vmaAt(start);
  if (grows !== 0) {
    // The whole stack below; on these architectures no area grows up.
    const growing = vma ?? mm.vmas.findVma(start);
    if (growing === undefined || growing.start >= end) throw new SyscallError('ENOMEM', 'a hole');
    if (grows === PROT_GROWSUP || (growing.flags & VM_GROWSDOWN) === 0) {
      throw new SyscallError('EINVAL', 'an area that does not grow');
    }
    vma = growing;
    start = growing.start;
  }
  let prev = vma === undefined || start > vma.start ? vma : vma.prev;
  let at = start;
  while (at < end) {
    if (vma === undefined || vma.start > at) throw new SyscallError('ENOMEM', 'a hole');
    const implied = impliesExec && (vma.flags & VM_MAYEXEC) !== 0 ? VM_EXEC : 0;
    const flags = (vma.flags & ~VM_ACCESS_FLAGS) | (prot & VM_ACCESS_FLAGS) | implied;
    // The VM_MAY... flags are four bits higher.
    if ((flags & ~(flags >> 4) & VM_ACCESS_FLAGS) !== 0) throw new SyscallError('EACCES');
    const to = Math.min(vma.end, end);
    prev = mprotectFixup(mm, vma, prev, at, to, flags);
    at = prev.end;
    vma = prev.next;
  }
}

/** Compare mm/mprotect.c:mprotect_fixup(). @returns the area that has the range now. */
function mprotectFixup(
  mm: Mm,
  vma: Vma,
  prev: Vma | undefined,
  start: Vpn,
  end: Vpn,
  wanted: number,
): Vma {
  const old = vma.flags;
  if (wanted === old) return vma;
  let flags = wanted;
  if ((flags & VM_WRITE) !== 0) {
    if ((old & (VM_ACCOUNT | VM_WRITE | VM_SHARED | VM_NORESERVE)) === 0) {
      if (end - start > mm.phys.ramFrames) throw new SyscallError('ENOMEM', 'overcommit');
      flags |= VM_ACCOUNT;
    }
  } else if ((old & VM_ACCOUNT) !== 0 && vma.ops === undefined && vma.anonVma === undefined) {
    flags &= ~VM_ACCOUNT;
  }
  const target = modifyFlags(mm, prev, vma, start, end, flags);
  mm.vmas.setFlags(target, flags);
  changeProtection(mm, target, start, end);
  return target;
}

/** Compare mm/mprotect.c:change_pte_range(). */
function changeProtection(mm: Mm, vma: Vma, start: Vpn, end: Vpn): void {
  const { pageTable } = mm;
  const { mask } = pageTable;
  const prot = pageProt(vma.flags, vma.ops);
  const mayWrite = (vma.flags & VM_WRITE) !== 0;
  // PageTable.walk() inlined, as in zap.ts: with a function, mprotect() of a page takes a tenth
  // more.
  let lost = 0;
  for (let vpn = start; vpn < end;) {
    const stop = Math.min(end, pageTable.leafEnd(vpn));
    const leaf = pageTable.leafOf(vpn);
    if (leaf === undefined) {
      vpn = stop;
      continue;
    }
    for (; vpn < stop; vpn += 1) {
      const old = leaf[vpn & mask]!;
      if (old === 0) continue;
      let pte = (old & ~PTE_PROT) | prot;
      if (mayWrite && canChangeWritable(mm, vma, pte)) pte |= PTE_WRITE;
      lost |= old & ~pte;
      leaf[vpn & mask] = pte;
    }
  }
  mm.flushTlb(lost);
}

/** True if a write needs no fault first. Compare mm/mprotect.c:can_change_pte_writable(). */
function canChangeWritable({ phys }: Mm, vma: Vma, pte: number): boolean {
  if ((vma.flags & VM_SHARED) !== 0) return (pte & PTE_DIRTY) !== 0;
  if ((pte & PTE_SPECIAL) !== 0) return false;
  const frame = pteFrame(pte);
  return phys.frames.isAnon(frame) && phys.frames.hasFlag(frame, PG_ANON_EXCLUSIVE);
}

import { AccessFault, UnmodelledError, type Signal, type SignalCode } from '../errno.js';
import { FRAME_ANON, ZERO_FRAME } from '../phys/frame.js';
import { PG_ANON_EXCLUSIVE, PG_DIRTY } from '../phys/frame-table.js';
import type { Address, Frame, Vpn } from '../units.js';
import {
  VM_ACCESS_FLAGS,
  VM_EXEC,
  VM_FAULT_ERROR,
  VM_FAULT_NOPAGE,
  VM_FAULT_OK,
  VM_FAULT_OOM,
  VM_FAULT_RETRY,
  VM_FAULT_SIGBUS,
  VM_GROWSDOWN,
  VM_MAYSHARE,
  VM_READ,
  VM_SHARED,
  VM_WRITE,
} from '../vfs/vm-area.js';
import { attachAnonVma, type AnonVma } from './anon-vma.js';
import type { Mm, MmFault } from './mm-struct.js';
import {
  PTE_DIRTY,
  PTE_PRESENT,
  PTE_SPECIAL,
  PTE_WRITE,
  PTE_YOUNG,
  makePte,
  pteFrame,
} from './pte.js';
import { expandDownwards } from './stack.js';
import { pageProt, zeroPageFlags, type Vma } from './vma.js';

/** Results of a handler that leave nothing to map. */
const UNFINISHED = VM_FAULT_ERROR | VM_FAULT_NOPAGE | VM_FAULT_RETRY;

export function accessFault(signal: Signal, code: SignalCode, address: Address): AccessFault {
  return new AccessFault(signal, code, address);
}

// By kind of access, the flags of which an area must have one. Compare
// arch/riscv/mm/fault.c:access_error().
/** Write implies read. */
export const ACCESS_LOAD = VM_READ | VM_WRITE;
export const ACCESS_STORE = VM_WRITE;
export const ACCESS_FETCH = VM_EXEC;

/**
 * Makes a page accessible, or throws the signal. Compare arch/riscv/mm/fault.c:handle_page_fault()
 * and mm/memory.c:handle_pte_fault().
 *
 * @param allowed one of ACCESS_....
 * @throws AccessFault
 */
export function handleFault(mm: Mm, vpn: Vpn, address: Address, allowed: number): void {
  if (allowed === ACCESS_LOAD && loadsZeroPage(mm, vpn)) return;
  let result: number;
  do {
    const vma = mm.vmas.findVma(vpn);
    if (vma === undefined || (vma.start > vpn && !growStack(mm, vma, vpn))) {
      throw accessFault('SIGSEGV', 'MAPERR', address);
    }
    if ((vma.flags & allowed) === 0) throw accessFault('SIGSEGV', 'ACCERR', address);
    result = handleMmFault(mm, vma, vpn, allowed === ACCESS_STORE);
  } while ((result & VM_FAULT_RETRY) !== 0);
  if ((result & VM_FAULT_ERROR) === 0) return;
  if ((result & VM_FAULT_OOM) !== 0) throw new UnmodelledError('a fault that ran out of memory');
  if ((result & VM_FAULT_SIGBUS) !== 0) throw accessFault('SIGBUS', 'ADRERR', address);
  throw accessFault('SIGSEGV', 'MAPERR', address);
}

/**
 * The first load of a page of anonymous memory, which needs no more of its area than the set of areas
 * knows: there may be many, none of them in a cache.
 *
 * @returns false: it is something else.
 */
function loadsZeroPage(mm: Mm, vpn: Vpn): boolean {
  const tag = mm.vmas.tagAt(vpn);
  if (tag < 0) return false;
  const flags = zeroPageFlags(tag);
  if ((flags & ACCESS_LOAD) === 0 || mm.pageTable.get(vpn) !== 0) return false;
  mm.host.vmEvents.pgfault += 1;
  mapZeroPage(mm, vpn, flags);
  return true;
}

/** An access below a stack makes it larger. Compare mm/memory.c:lock_mm_and_find_vma(). */
function growStack(mm: Mm, vma: Vma, vpn: Vpn): boolean {
  return (vma.flags & VM_GROWSDOWN) !== 0 && expandDownwards(mm, vma, vpn);
}

/** The fault itself, after the area's permissions were checked. @returns VM_FAULT_* bits. */
export function handleMmFault(mm: Mm, vma: Vma, vpn: Vpn, write: boolean): number {
  const result = doFault(mm, vma, vpn, write);
  // One that starts again is counted then: mm_account_fault().
  if ((result & VM_FAULT_RETRY) === 0) mm.host.vmEvents.pgfault += 1;
  return result;
}

/** Compare mm/memory.c:handle_pte_fault(). */
function doFault(mm: Mm, vma: Vma, vpn: Vpn, write: boolean): number {
  const pte = mm.pageTable.get(vpn);
  if (pte !== 0) {
    if (write && (pte & PTE_WRITE) === 0) return doWpPage(mm, vma, vpn, pte);
    mm.pageTable.set(vpn, pte | PTE_YOUNG);
    return VM_FAULT_OK;
  }
  if (vma.ops === undefined) return doAnonymousPage(mm, vma, vpn, write);
  const fault = setFault(mm, vma, vpn, write);
  if (!write) return doReadFault(mm, fault);
  return (vma.flags & VM_SHARED) === 0 ? doCowFault(mm, fault) : doSharedFault(mm, fault);
}

function setFault(mm: Mm, vma: Vma, vpn: Vpn, write: boolean): MmFault {
  const { fault } = mm;
  fault.vma = vma;
  fault.vpn = vpn;
  fault.pgoff = vma.pgoff + (vpn - vma.start);
  fault.write = write;
  return fault;
}

/** Compare mm/memory.c:do_anonymous_page(). */
function doAnonymousPage(mm: Mm, vma: Vma, vpn: Vpn, write: boolean): number {
  // A file mapping without vm_ops.
  if ((vma.flags & VM_SHARED) !== 0) return VM_FAULT_SIGBUS;
  if (write) {
    prepareAnonVma(vma);
    setAnonPte(mm, vma, vpn, mm.phys.allocate(FRAME_ANON));
  } else {
    mapZeroPage(mm, vpn, vma.flags);
  }
  return VM_FAULT_OK;
}

/** @param vmFlags of the area, which has no operations. */
function mapZeroPage(mm: Mm, vpn: Vpn, vmFlags: number): void {
  const flags = pageProt(vmFlags, undefined) | PTE_PRESENT | PTE_YOUNG | PTE_SPECIAL;
  mm.pageTable.set(vpn, makePte(ZERO_FRAME, flags));
}

/** Compare mm/memory.c:do_read_fault(). */
function doReadFault(mm: Mm, fault: MmFault): number {
  if (mm.host.faultAroundPages > 1) {
    const around = doFaultAround(mm, fault);
    if (around !== VM_FAULT_OK) return around;
  }
  const result = fault.vma.ops!.fault(fault);
  if ((result & UNFINISHED) !== 0) return result;
  setFilePte(mm, fault.vma, fault.vpn, fault.frame, false);
  return result;
}

/** Maps neighbours that the page cache has. Compare mm/memory.c:do_fault_around(). */
function doFaultAround(mm: Mm, fault: MmFault): number {
  const { vma, pgoff, vpn } = fault;
  const ops = vma.ops!;
  if (ops.mapPages === undefined) return VM_FAULT_OK;
  const pages = mm.host.faultAroundPages;
  const slot = vpn & mm.pageTable.mask;
  const inVma = vpn - vma.start;
  const from = Math.max(slot - (slot % pages), slot - Math.min(slot, inVma));
  const to = Math.min(from + pages, mm.pageTable.entries, slot + (vma.end - vma.start) - inVma) - 1;
  return ops.mapPages(fault, pgoff + from - slot, pgoff + to - slot);
}

/** Compare mm/memory.c:do_cow_fault(). The anon_vma comes first, also if the fault then fails. */
function doCowFault(mm: Mm, fault: MmFault): number {
  prepareAnonVma(fault.vma);
  const result = fault.vma.ops!.fault(fault);
  if ((result & UNFINISHED) !== 0) return result;
  const { phys } = mm;
  const copy = phys.allocate(FRAME_ANON);
  phys.copy(copy, fault.frame);
  setAnonPte(mm, fault.vma, fault.vpn, copy);
  return result;
}

/** Compare mm/memory.c:do_shared_fault(). */
function doSharedFault(mm: Mm, fault: MmFault): number {
  const ops = fault.vma.ops!;
  let result = ops.fault(fault);
  if ((result & UNFINISHED) !== 0) return result;
  result |= ops.pageMkwrite?.(fault) ?? VM_FAULT_OK;
  if ((result & UNFINISHED) !== 0) return result;
  setFilePte(mm, fault.vma, fault.vpn, fault.frame, true);
  mm.phys.frames.setFlag(fault.frame, PG_DIRTY);
  return result;
}

/** A write to an entry that may not be written. Compare mm/memory.c:do_wp_page(). */
function doWpPage(mm: Mm, vma: Vma, vpn: Vpn, pte: number): number {
  const { phys, pageTable } = mm;
  const frame = pteFrame(pte);
  const counted = (pte & PTE_SPECIAL) === 0;
  if ((vma.flags & (VM_SHARED | VM_MAYSHARE)) !== 0) {
    const result = counted ? wpPageShared(mm, vma, vpn, frame) : VM_FAULT_OK;
    if ((result & UNFINISHED) !== 0) return result;
    pageTable.set(vpn, pte | PTE_WRITE | PTE_DIRTY | PTE_YOUNG);
    if (counted) phys.frames.setFlag(frame, PG_DIRTY);
    return result;
  }
  if (counted && phys.frames.isAnon(frame)) {
    if (phys.frames.hasFlag(frame, PG_ANON_EXCLUSIVE) || phys.frames.refCount(frame) === 1) {
      phys.frames.setFlag(frame, PG_ANON_EXCLUSIVE);
      pageTable.set(vpn, pte | PTE_WRITE | PTE_DIRTY | PTE_YOUNG);
      return VM_FAULT_OK;
    }
  }
  wpPageCopy(mm, vma, vpn, frame, counted);
  mm.flushTlb(pte);
  return VM_FAULT_OK;
}

/** Asks the file before its page becomes writable. Compare mm/memory.c:wp_page_shared(). */
function wpPageShared(mm: Mm, vma: Vma, vpn: Vpn, frame: Frame): number {
  if (vma.ops?.pageMkwrite === undefined) return VM_FAULT_OK;
  const fault = setFault(mm, vma, vpn, true);
  fault.frame = frame;
  return vma.ops.pageMkwrite(fault);
}

/** Compare mm/memory.c:wp_page_copy(): from ROM, the page cache, a shared page or the zero page. */
function wpPageCopy(mm: Mm, vma: Vma, vpn: Vpn, old: Frame, counted: boolean): void {
  const { phys } = mm;
  prepareAnonVma(vma);
  const copy = phys.allocate(FRAME_ANON);
  phys.copy(copy, old);
  setAnonPte(mm, vma, vpn, copy);
  if (counted) phys.removeMap(old);
}

/** Maps a fresh anonymous frame, whose only reference the entry takes over. */
function setAnonPte(mm: Mm, vma: Vma, vpn: Vpn, frame: Frame): void {
  const writable = (vma.flags & VM_WRITE) === 0 ? 0 : PTE_WRITE;
  mm.phys.frames.adoptMap(frame);
  mm.phys.frames.setFlag(frame, PG_ANON_EXCLUSIVE);
  const flags = pageProt(vma.flags, vma.ops) | writable | PTE_PRESENT | PTE_DIRTY | PTE_YOUNG;
  mm.pageTable.set(vpn, makePte(frame, flags));
}

/** Maps a page-cache frame. Compare mm/memory.c:set_pte_range(). */
export function setFilePte(mm: Mm, vma: Vma, vpn: Vpn, frame: Frame, write: boolean): void {
  let flags = pageProt(vma.flags, vma.ops) | PTE_PRESENT | PTE_YOUNG;
  if (write) flags |= PTE_DIRTY | ((vma.flags & VM_WRITE) === 0 ? 0 : PTE_WRITE);
  mm.phys.frames.addMap(frame);
  mm.pageTable.set(vpn, makePte(frame, flags));
}

/** Compare mm/rmap.c:__anon_vma_prepare() and mm/vma.c:find_mergeable_anon_vma(). */
function prepareAnonVma(vma: Vma): void {
  if (vma.anonVma !== undefined) return;
  attachAnonVma(vma, reusableAnonVma(vma, vma.next, false) ?? reusableAnonVma(vma, vma.prev, true));
}

/** The anon_vma of a neighbour with which `vma` could be merged, permissions aside. */
function reusableAnonVma(
  vma: Vma,
  neighbour: Vma | undefined,
  below: boolean,
): AnonVma | undefined {
  if (neighbour?.anonVma === undefined || neighbour.anonChain.length !== 1) return undefined;
  const [low, high] = below ? [neighbour, vma] : [vma, neighbour];
  const compatible =
    low.end === high.start &&
    low.file === high.file &&
    ((low.flags ^ high.flags) & ~VM_ACCESS_FLAGS) === 0 &&
    high.pgoff === low.pgoff + (high.start - low.start);
  return compatible ? neighbour.anonVma : undefined;
}

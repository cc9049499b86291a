import { SyscallError, isSyscallError } from '../errno.js';
import type { Address, Vpn } from '../units.js';
import {
  VM_ACCOUNT,
  VM_EXEC,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYWRITE,
  VM_READ,
  VM_WRITE,
} from '../vfs/vm-area.js';
import type { Mm } from './mm-struct.js';
import { unmapRange } from './munmap.js';
import { startGap } from './stack.js';
import { mergeNewRange } from './vma-merge.js';
import type { Vma } from './vma.js';

const HEAP = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_ACCOUNT;

/**
 * Anonymous memory at a given place, over whatever is there: the heap, and the zeros after a
 * program's data. Compare mm/mmap.c:vm_brk_flags().
 *
 * @throws SyscallError EINVAL, ENOMEM
 */
export function mapBrk(mm: Mm, address: Address, length: number, executable: boolean): void {
  if (length === 0) return;
  checkLimits(mm, address, length);
  const { geometry } = mm;
  const start = geometry.pageOf(address);
  const end = start + geometry.pagesOf(length);
  unmapRange(mm, start, end);
  doBrkFlags(mm, start, end, { executable, prev: mm.vmas.findBefore(start) });
}

/**
 * Extends `prev` if it ends there and is of the same kind, else makes a new area. Never merges with
 * what follows. Compare mm/mmap.c:do_brk_flags().
 */
function doBrkFlags(
  mm: Mm,
  start: Vpn,
  end: Vpn,
  { executable, prev }: { readonly executable: boolean; readonly prev: Vma | undefined },
): void {
  if (mm.vmas.size > mm.host.maxMapCount) throw new SyscallError('ENOMEM', 'vm.max_map_count');
  if (end - start > mm.phys.ramFrames) throw new SyscallError('ENOMEM', 'overcommit');
  const flags = executable || mm.readImpliesExec ? HEAP | VM_EXEC : HEAP;
  const request = { start, end, pgoff: start, flags, file: undefined, anonVma: undefined };
  if (mergeNewRange(mm, request, prev, undefined) !== undefined) return;
  mm.vmas.link(mm.vmaCache.alloc(start, end, flags, start, undefined));
}

/** Compare mm/mmap.c:check_brk_limits(). */
function checkLimits(mm: Mm, address: Address, length: number): void {
  const { geometry } = mm;
  const taskSize = mm.taskSize * geometry.size;
  if (length > taskSize || address > taskSize - length) {
    throw new SyscallError('ENOMEM', 'memory that ends past the address space');
  }
  if (!geometry.isAligned(address)) throw new SyscallError('EINVAL', 'address is not page aligned');
}

/**
 * brk(2): moves the end of the heap, whose pages come and go as it crosses them. Compare
 * mm/mmap.c:SYSCALL_DEFINE1(brk); RLIMIT_DATA is unlimited.
 *
 * @returns the end of the heap: `end`, or the old one if that cannot be.
 */
export function brk(mm: Mm, end: Address): Address {
  if (end < mm.startBrk || mm.startBrk === 0) return mm.brkEnd;
  const { geometry } = mm;
  const from = geometry.pagesOf(mm.brkEnd);
  const to = geometry.pagesOf(end);
  try {
    if (to < from) shrink(mm, to, from);
    else if (to > from) grow(mm, from, to);
  } catch (error) {
    if (isSyscallError(error)) return mm.brkEnd;
    throw error;
  }
  mm.brkEnd = end;
  return end;
}

function shrink(mm: Mm, from: Vpn, to: Vpn): void {
  const first = mm.vmas.findVma(from);
  if (first === undefined || first.start >= to) throw new SyscallError('EINVAL', 'no heap there');
  unmapRange(mm, from, to);
}

function grow(mm: Mm, from: Vpn, to: Vpn): void {
  if (to > mm.taskSize) throw new SyscallError('ENOMEM', 'past the end of the address space');
  // A page stays free between the heap and the area above it.
  const above = mm.vmas.findVma(from);
  if (above !== undefined && to + 1 > startGap(above)) throw new SyscallError('ENOMEM', 'no room');
  // The program's bss ends where the heap starts, but is not extended.
  const below = mm.vmas.findBefore(from);
  const heapStart = mm.startBrk / mm.geometry.size;
  const prev = below !== undefined && below.end > heapStart ? below : undefined;
  doBrkFlags(mm, from, to, { executable: false, prev });
}

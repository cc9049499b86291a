import type { Vpn } from '../units.js';
import {
  VM_ACCESS_FLAGS,
  VM_ACCOUNT,
  VM_EXEC,
  VM_GROWSDOWN,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYWRITE,
  VM_READ,
  VM_WRITE,
} from '../vfs/vm-area.js';
import type { Mm } from './mm-struct.js';
import type { Vma } from './vma.js';

/** RLIMIT_STACK, bytes. */
const STACK_LIMIT = 8 << 20;
/** Bytes that a stack has at first, below the arguments. */
const STACK_EXPAND = 131072;
/** mm/mmap.c:stack_guard_gap */
const STACK_GUARD_GAP = 256;

const STACK =
  VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_GROWSDOWN | VM_ACCOUNT;

/**
 * The stack of a new program. Compare fs/exec.c:setup_arg_pages().
 *
 * @param argumentPages what the arguments take, at its top.
 */
export function createStack(mm: Mm, argumentPages: number, executable: boolean): void {
  const { stackTop } = mm.host.build;
  const { size: pageSize } = mm.geometry;
  const pages = Math.min(argumentPages + STACK_EXPAND / pageSize, STACK_LIMIT / pageSize);
  const start = stackTop - pages;
  const flags = executable ? STACK | VM_EXEC : STACK;
  mm.vmas.link(mm.vmaCache.alloc(start, stackTop, flags, start, undefined));
}

/**
 * Lets a stack grow down to a page, unless it comes too near to what is below or is too large.
 * Compare mm/mmap.c:expand_downwards().
 */
export function expandDownwards(mm: Mm, vma: Vma, vpn: Vpn): boolean {
  const { prev, start, end, pgoff } = vma;
  const needsGap =
    prev !== undefined && (prev.flags & VM_GROWSDOWN) === 0 && (prev.flags & VM_ACCESS_FLAGS) !== 0;
  if (vpn < mm.host.mmapMinVpn || end - vpn > STACK_LIMIT / mm.geometry.size) return false;
  if (needsGap && vpn - prev.end < STACK_GUARD_GAP) return false;
  mm.vmas.setRange(vma, vpn, end, pgoff - (start - vpn));
  return true;
}

/** Where an area starts, with the room that a stack keeps free below. Compare mm.h:vm_start_gap(). */
export function startGap({ start, flags }: Vma): Vpn {
  return (flags & VM_GROWSDOWN) === 0 ? start : start - STACK_GUARD_GAP;
}

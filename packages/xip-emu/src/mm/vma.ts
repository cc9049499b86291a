import type { VmPgoff, Vpn } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import {
  VM_EXEC,
  VM_READ,
  VM_SHARED,
  VM_WRITE,
  type VmArea,
  type VmOperations,
  type VmSpace,
} from '../vfs/vm-area.js';
import { NO_CHAIN, type AnonArea, type AnonVma } from './anon-vma.js';
import { PTE_EXEC, PTE_READ, PTE_WRITE } from './pte.js';

/**
 * struct vm_area_struct. Addresses are pages; `prev` and `next` are the neighbours by address. What
 * a fault needs comes first: there may be many areas, and one cache line of each is enough then.
 */
export class Vma implements VmArea, AnonArea {
  start: Vpn;
  end: Vpn;
  flags: number;
  /** undefined: anonymous memory to the memory manager, whatever `file` says. */
  ops: VmOperations | undefined = undefined;
  pgoff: VmPgoff;
  prev: Vma | undefined = undefined;
  next: Vma | undefined = undefined;
  anonVma: AnonVma | undefined = undefined;
  anonChain: readonly AnonVma[] = NO_CHAIN;
  file: OpenFile | undefined;
  privateData: unknown = undefined;
  readonly mm: VmSpace;

  constructor(
    mm: VmSpace,
    start: Vpn,
    end: Vpn,
    flags: number,
    pgoff: VmPgoff,
    file: OpenFile | undefined,
  ) {
    this.mm = mm;
    this.start = start;
    this.end = end;
    this.flags = flags;
    this.pgoff = pgoff;
    this.file = file;
  }

  /** Turns a freed area into another one: in no set, without operations. */
  reuse(start: Vpn, end: Vpn, flags: number, pgoff: VmPgoff, file: OpenFile | undefined): void {
    this.start = start;
    this.end = end;
    this.flags = flags;
    this.pgoff = pgoff;
    this.file = file;
    this.ops = undefined;
    this.privateData = undefined;
    this.prev = undefined;
    this.next = undefined;
  }
}

/** Bit of a tag: the area has operations. It is not a bit of vm_flags. */
const TAG_OPS = 0x20000000;

/**
 * What the set of areas keeps beside the bounds of an area, for questions that can be answered
 * without the area itself: its flags, and whether it has operations.
 */
export function vmaTag({ flags, ops }: Vma): number {
  return ops === undefined ? flags : flags | TAG_OPS;
}

/**
 * The flags in `tag` if it belongs to an area where the first load of a page finds the zero page;
 * else 0. Compare mm/memory.c:do_anonymous_page().
 */
export function zeroPageFlags(tag: number): number {
  return (tag & (TAG_OPS | VM_SHARED)) === 0 ? tag : 0;
}

/** vm_page_prot: the permissions of new entries, before copy on write. Compare vm_get_page_prot(). */
export function pageProt(flags: number, ops: VmOperations | undefined): number {
  let prot = 0;
  // RISC-V has no entries that are writable but not readable.
  if ((flags & (VM_READ | VM_WRITE)) !== 0) prot |= PTE_READ;
  if ((flags & VM_EXEC) !== 0) prot |= PTE_EXEC;
  const shared = (flags & (VM_WRITE | VM_SHARED)) === (VM_WRITE | VM_SHARED);
  // Compare mm/mmap.c:vma_wants_writenotify().
  if (shared && ops?.pageMkwrite === undefined) prot |= PTE_WRITE;
  return prot;
}

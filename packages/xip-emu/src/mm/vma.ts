import type { Pgoff, Vpn } from '../units.js';
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

/** struct vm_area_struct. Addresses are pages; `prev` and `next` are the neighbours by address. */
export class Vma implements VmArea, AnonArea {
  readonly mm: VmSpace;
  start: Vpn;
  end: Vpn;
  flags: number;
  pgoff: Pgoff;
  file: OpenFile | undefined;
  /** undefined: anonymous memory to the memory manager, whatever `file` says. */
  ops: VmOperations | undefined = undefined;
  privateData: unknown = undefined;
  anonVma: AnonVma | undefined = undefined;
  anonChain: readonly AnonVma[] = NO_CHAIN;
  prev: Vma | undefined = undefined;
  next: Vma | undefined = undefined;

  constructor(
    mm: VmSpace,
    start: Vpn,
    end: Vpn,
    flags: number,
    pgoff: Pgoff,
    file: OpenFile | undefined,
  ) {
    this.mm = mm;
    this.start = start;
    this.end = end;
    this.flags = flags;
    this.pgoff = pgoff;
    this.file = file;
  }

  /** A copy for another place or process: no anon_vma, no neighbours, one more file reference. */
  duplicate(mm: VmSpace = this.mm): Vma {
    const { start, end, flags, pgoff, file } = this;
    const copy = new Vma(mm, start, end, flags, pgoff, file?.get());
    copy.ops = this.ops;
    copy.privateData = this.privateData;
    return copy;
  }
}

/** vm_page_prot: the permissions of new entries, before copy on write. Compare vm_get_page_prot(). */
export function pageProt({ flags, ops }: Vma): number {
  let prot = 0;
  // RISC-V has no entries that can be written but not read.
  if ((flags & (VM_READ | VM_WRITE)) !== 0) prot |= PTE_READ;
  if ((flags & VM_EXEC) !== 0) prot |= PTE_EXEC;
  const shared = (flags & (VM_WRITE | VM_SHARED)) === (VM_WRITE | VM_SHARED);
  // Compare mm/mmap.c:vma_wants_writenotify().
  if (shared && ops?.pageMkwrite === undefined) prot |= PTE_WRITE;
  return prot;
}

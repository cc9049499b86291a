import type { Frame, Pfn, Pgoff, VmPgoff, Vpn } from '../units.js';
import type { OpenFile } from './file.js';

// include/linux/mm.h, 6.12
export const VM_READ = 0x1;
export const VM_WRITE = 0x2;
export const VM_EXEC = 0x4;
export const VM_SHARED = 0x8;
export const VM_MAYREAD = 0x10;
export const VM_MAYWRITE = 0x20;
export const VM_MAYEXEC = 0x40;
export const VM_MAYSHARE = 0x80;
export const VM_GROWSDOWN = 0x100;
/** Without MMU: a private read-only mapping of a file, which may lie over the file's own memory. */
export const VM_MAYOVERLAY = 0x200;
export const VM_PFNMAP = 0x400;
export const VM_IO = 0x4000;
export const VM_SEQ_READ = 0x8000;
export const VM_RAND_READ = 0x10000;
export const VM_DONTEXPAND = 0x40000;
export const VM_ACCOUNT = 0x100000;
export const VM_NORESERVE = 0x200000;
export const VM_DONTDUMP = 0x4000000;
export const VM_MIXEDMAP = 0x10000000;

export const VM_ACCESS_FLAGS = VM_READ | VM_WRITE | VM_EXEC;
/** Areas that are never merged. */
export const VM_SPECIAL = VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP;

/** True for private mappings that may become writable. Compare mm.h:is_cow_mapping(). */
export function isCowMapping(flags: number): boolean {
  return (flags & (VM_SHARED | VM_MAYWRITE)) === VM_MAYWRITE;
}

/** Without MMU: true if the mapping may share memory. Compare mm.h:is_nommu_shared_mapping(). */
export function isNommuSharedMapping(flags: number): boolean {
  return (flags & (VM_MAYSHARE | VM_MAYOVERLAY)) !== 0;
}

/** Compare mm.h:is_shared_maywrite(). */
export function isSharedMaywrite(flags: number): boolean {
  return (flags & (VM_SHARED | VM_MAYWRITE)) === (VM_SHARED | VM_MAYWRITE);
}

/**
 * struct vm_area_struct as the owner of a mapping (a file system) sees it. Addresses are in pages.
 * A file's `mmap` may change `flags`, `ops`, `file` and `privateData`; `pgoff` only through
 * {@link VmSpace.remapPfnRange}, or in a fault.
 */
export interface VmArea {
  readonly start: Vpn;
  /** A file's `mmap` may set another one for a while, but has to restore it. */
  end: Vpn;
  flags: number;
  /** File page at `start`; of an anonymous area its vpn; of a private VM_PFNMAP the pfn. */
  pgoff: VmPgoff;
  file: OpenFile | undefined;
  ops: VmOperations | undefined;
  privateData: unknown;
  readonly mm: VmSpace;
}

/** What the memory manager offers to the owners of mappings: mm and fs/* meet only here. */
export interface VmSpace {
  /**
   * Maps `pages` frames from `pfn` on at `vpn`, at once; the area becomes VM_PFNMAP. Compare
   * mm/memory.c:remap_pfn_range().
   *
   * @throws SyscallError EINVAL for a part of a private area.
   */
  remapPfnRange(vma: VmArea, vpn: Vpn, pfn: Pfn, pages: number): void;
  /** True if the page has a page table, even one without entries. */
  hasPageTable(vpn: Vpn): boolean;
  /** Maps one frame without struct page in a VM_MIXEDMAP. Compare memory.c:vmf_insert_mixed(). */
  insertMixed(vma: VmArea, vpn: Vpn, pfn: Pfn): void;
  /** Maps a frame of the kernel at `vpn` of a VM_PFNMAP area: vmf_insert_pfn(). */
  insertPfn(vma: VmArea, vpn: Vpn, frame: Frame): void;
  /**
   * Maps a page-cache frame near a fault unless something is mapped there already; compare
   * mm/memory.c:set_pte_range().
   */
  mapAround(vma: VmArea, vpn: Vpn, frame: Frame): void;
  /**
   * Drops the entries of a range of an area, private copies only if `evenCows`. Compare
   * mm/memory.c:zap_page_range_single().
   */
  zap(from: Vpn, to: Vpn, evenCows: boolean): void;
  /** Write-protects the entry at `vpn` if it maps `frame`: page_mkclean_one(). */
  cleanEntry(vma: VmArea, vpn: Vpn, frame: Frame): void;
  /** True if the entry at `vpn` maps `frame` and is writable. */
  isWritable(vpn: Vpn, frame: Frame): boolean;
  /** To be called by a fault that reads a page of the file. */
  countMajorFault(): void;
  /** To be called when a fault handler has given an area other flags or operations. */
  areaChanged(vma: VmArea): void;
  /** Splits the area at `vpn`; the argument stays the lower half. Compare mm/vma.c:split_vma(). */
  splitVma(vma: VmArea, vpn: Vpn): VmArea;
  /**
   * Gives a new shared area a file of zero pages in place of its own. Compare
   * mm/shmem.c:shmem_zero_setup().
   *
   * @throws SyscallError ENOMEM.
   */
  shmemZeroSetup(vma: VmArea): void;
}

// Results of a fault handler: bits of vm_fault_t.
export const VM_FAULT_OK = 0;
export const VM_FAULT_OOM = 0x1;
export const VM_FAULT_SIGBUS = 0x2;
export const VM_FAULT_MAJOR = 0x4;
export const VM_FAULT_SIGSEGV = 0x40;
/** The handler has put the entry into the page table itself. */
export const VM_FAULT_NOPAGE = 0x100;
export const VM_FAULT_RETRY = 0x400;
export const VM_FAULT_ERROR = VM_FAULT_OOM | VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV;

/** struct vm_fault: one object, used for all faults of a memory manager. */
export interface VmFault {
  vma: VmArea;
  vpn: Vpn;
  pgoff: Pgoff;
  write: boolean;
  /** What `fault` found; the reference stays with the page cache. */
  frame: Frame;
}

/** struct vm_operations_struct. */
export interface VmOperations {
  /** Finds the frame for `fault.pgoff`. @returns VM_FAULT_* bits. */
  fault(fault: VmFault): number;
  /**
   * Maps the pages `from`..`to` (inclusive) that are already in the page cache.
   *
   * @returns VM_FAULT_NOPAGE if the faulting one was among them.
   */
  mapPages?(fault: VmFault, from: Pgoff, to: Pgoff): number;
  /**
   * Called before the clean page `fault.frame` of a shared area becomes writable; without it such
   * pages are writable at once.
   *
   * @returns VM_FAULT_* bits: VM_FAULT_NOPAGE if the file now has another page there, which the
   * access has to find first.
   */
  pageMkwrite?(fault: VmFault): number;
  /** Checks whether the area may be split before the page `vpn`. @throws SyscallError. */
  maySplit?(vma: VmArea, vpn: Vpn): void;
  /** Called when the area is gone, its pages unmapped. */
  close?(vma: VmArea): void;
  /** What /proc/PID/maps calls an area without a file. */
  readonly name?: string;
}

/** What an area has until its file sets others. Compare mm.h:vma_dummy_vm_ops. */
export const dummyVmOps: VmOperations = { fault: () => VM_FAULT_SIGBUS };

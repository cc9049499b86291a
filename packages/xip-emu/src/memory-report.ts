import type { KernelBuild } from './arch/kernel-build.js';
import type { Address, Frame } from './units.js';
import type { OpenFile } from './vfs/file.js';

/** What reports ask of the memory of a process, with an MMU or without. */
export interface MemoryReport {
  /** What the kernel was built for. */
  readonly build: KernelBuild;
  /** The areas in the order of their addresses, as /proc/PID/maps lists them. */
  areas(): Iterable<MemoryArea>;
  /** What is at a page of the memory now; nothing is faulted in. */
  pageAt(address: Address): MemoryPage;
  /** The entries of the page table that are not empty, in order; nothing without an MMU. */
  entriesIn(from: Address, to: Address): Iterable<PageEntry>;
  /**
   * Counts the pages that it has mapped.
   *
   * @param romFrames gives the set to which the frames of ROM that are mapped for a file are added;
   * asked for every area of a file. Not used without an MMU, where what is in ROM need not be pages.
   */
  account(romFrames: (file: OpenFile) => Set<Frame>): MemoryAccount;
}

/** One area. Addresses are bytes, `end` exclusive. */
export interface MemoryArea {
  readonly start: Address;
  readonly end: Address;
  /** The second column of maps. */
  readonly permissions: string;
  /** The offset column, in bytes: of a private VM_PFNMAP area the physical address. */
  readonly offset: number;
  readonly file: OpenFile | undefined;
  /** What maps calls it, a byte string: the path of its file, or `[heap]` and the like. */
  readonly name: string | undefined;
  /** VM_*; undefined without an MMU. */
  readonly vmFlags: number | undefined;
  /** What smaps counts: a walk over its pages. Undefined without an MMU. */
  readonly counts: (() => SmapsCounts) | undefined;
}

/** What smaps says about the pages of an area, in bytes; `pss` as Linux rounds it down. */
export interface SmapsCounts {
  rss: number;
  pss: number;
  sharedClean: number;
  sharedDirty: number;
  privateClean: number;
  privateDirty: number;
  anonymous: number;
  /** The dirty part of the pss. */
  pssDirty: number;
  /** Referenced according to the page table entries alone. */
  referenced: number;
  /** Memory that is still clean after MADV_FREE. */
  lazyFree: number;
}

/** What backs a page of a process's memory. */
export interface MemoryPage {
  /**
   * `none`: nothing yet (or nothing is mapped there); `copy`: without MMU, RAM that the kernel has
   * filled for the mapping; `absent`: a bus address that neither RAM nor ROM answers (kernel fact
   * K24).
   */
  readonly backing: 'rom' | 'page-cache' | 'anonymous' | 'zero' | 'copy' | 'absent' | 'none';
  /** Physical address of its first byte; undefined if there is none. */
  readonly physical: Address | undefined;
}

/** An entry of a page table. */
export interface PageEntry extends MemoryPage {
  /** The first address of its page. */
  readonly address: Address;
  /** The physical address of its frame. */
  readonly physical: Address;
  /** What the processor lets through now, as in `r-x`; a first store may still have to fault. */
  readonly permissions: string;
  readonly dirty: boolean;
  readonly young: boolean;
  /** The frame is not counted: ROM, the zero page. */
  readonly special: boolean;
  /** Entries of all page tables that map the frame; 0 if it is not counted. */
  readonly mapCount: number;
}

/** A page that nothing backs. */
export const NO_PAGE: MemoryPage = { backing: 'none', physical: undefined };

/** Pages of the page table; without MMU, of the mappings. Pages that are shared count fully. */
export interface MemoryAccount {
  readonly romPages: number;
  readonly pageCachePages: number;
  /** Private copies, heap and the like; without MMU all RAM of its mappings. */
  readonly anonymousPages: number;
  /** Page tables of the lowest level. */
  readonly pageTablePages: number;
}

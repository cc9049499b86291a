import type { AccessFault } from './errno.js';
import type { MemoryReport } from './memory-report.js';
import type { Address, Pgoff } from './units.js';
import type { OpenFile } from './vfs/file.js';

// include/uapi/linux/mman.h and asm-generic/mman-common.h
export const PROT_NONE = 0;
export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const PROT_EXEC = 4;
export const PROT_SEM = 8;
export const PROT_GROWSDOWN = 0x1000000;
export const PROT_GROWSUP = 0x2000000;
export const MAP_SHARED = 0x1;
export const MAP_PRIVATE = 0x2;
export const MAP_SHARED_VALIDATE = 0x3;
export const MAP_TYPE = 0xf;
export const MAP_FIXED = 0x10;
export const MAP_ANONYMOUS = 0x20;
export const MAP_NORESERVE = 0x4000;
export const MAP_POPULATE = 0x8000;
export const MAP_SYNC = 0x80000;
export const MAP_FIXED_NOREPLACE = 0x100000;
export const MREMAP_MAYMOVE = 1;
export const MREMAP_FIXED = 2;
export const MREMAP_DONTUNMAP = 4;
export const MS_ASYNC = 1;
export const MS_INVALIDATE = 2;
export const MS_SYNC = 4;

/** One mmap(2). */
export interface MmapRequest {
  /** Hint, or with MAP_FIXED the place; 0 = none. */
  readonly address: Address;
  /** Bytes. */
  readonly length: number;
  /** PROT_*. */
  readonly prot: number;
  /** MAP_*. */
  readonly flags: number;
  /** Not with MAP_ANONYMOUS. The mapping takes a reference of its own. */
  readonly file?: OpenFile | undefined;
  /** First page of the file. */
  readonly pgoff: Pgoff;
}

/** What an instruction does with memory. */
export type ProcessorAccess = 'fetch' | 'read' | 'write';

/** What madvise(2) can be told, as MADV_... without its prefix. */
export const ADVICE = [
  'normal',
  'random',
  'sequential',
  'willneed',
  'dontneed',
  'free',
  'populate_r',
  'populate_w',
] as const;
export type Advice = (typeof ADVICE)[number];

/**
 * The memory of a process, as its system calls see it: `MmuMemory` with an MMU, `NommuMemory` without. Addresses
 * are bytes. System calls throw SyscallError, accesses AccessFault.
 */
export interface MemoryMap extends MemoryReport {
  /** The process that it belongs to (mm->owner); 0 before it has one. */
  pid: number;
  /** @returns the address of the mapping. */
  mmap(request: MmapRequest): Address;
  munmap(address: Address, length: number): void;
  mprotect(address: Address, length: number, prot: number): void;
  /**
   * @param flags MREMAP_*; default none.
   * @param newAddress the place with MREMAP_FIXED, a hint with MREMAP_DONTUNMAP alone.
   * @returns the new address.
   */
  mremap(
    address: Address,
    oldLength: number,
    newLength: number,
    flags?: number,
    newAddress?: Address,
  ): Address;
  madvise(address: Address, length: number, advice: Advice): void;
  /** @param msFlags MS_*; default MS_SYNC. */
  msync(address: Address, length: number, msFlags?: number): void;
  /** @returns one byte, 0 or 1, per page. */
  mincore(address: Address, length: number): Uint8Array;
  /**
   * brk(2): moves the end of the heap. Never fails: what cannot be done leaves the end where it is.
   *
   * @param end 0 to ask where it is.
   * @returns the end of the heap afterwards.
   */
  brk(end: Address): Address;
  /** A copy for a child. @throws SyscallError ENOSYS without an MMU. */
  fork(): MemoryMap;
  /** Takes everything apart, as at exit. */
  exit(): void;
  load(address: Address): number;
  /** The fetch of an instruction: with its fault, without what the instruction does. */
  fetch(address: Address): void;
  store(address: Address, value: number): void;
  /**
   * What a load, a store or a fetch at an address does, but for the byte itself: for a processor that
   * then reads and writes the page where it is.
   *
   * @returns the offset of the page in the memory that `MachineOptions.pages` is of.
   * @throws AccessFault; UnmodelledError for a store to ROM without an MMU.
   */
  frameBytes(address: Address, access: ProcessorAccess): number;
  /**
   * Changes whenever the processor must ask again: an entry has lost a permission, its accessed or dirty
   * bit, or its frame.
   */
  readonly generation: number;
  /** Changes whenever such an entry was executable, or a page that was fetched from has changed. */
  readonly execGeneration: number;
  /** Names the page at an address that was fetched from, and its content: equal names, equal code. */
  frameIdentity(address: Address): number;
  /**
   * Loads the bytes from `address` on in order, and stops at the first that cannot be loaded.
   *
   * @returns how many were loaded, and the fault that ended it, if one did.
   */
  loadRange(address: Address, into: Uint8Array): { loaded: number; fault?: AccessFaultLike };
}

/** An AccessFault as data. */
export type AccessFaultLike = Pick<AccessFault, 'signal' | 'code' | 'address'>;

import type { BlockSize } from 'cramfs-format';

/**
 * The emulated kernel's page size, as a shift. Linux is built for one page size, so all machines that
 * have processes at the same time share it, and hot code reads the variables of this module.
 */
export let PAGE_SHIFT = 12;
/** Bytes, 2^PAGE_SHIFT: what a block of cramfs can be. */
export let PAGE_SIZE: BlockSize = 4096;

/** For Machine alone: nothing that was made for another page size may be used any more. */
export function setPageSize(bytes: BlockSize): void {
  PAGE_SHIFT = Math.log2(bytes);
  PAGE_SIZE = bytes;
}

/** MAX_PAGE_ORDER: the page allocator gives at most 2^10 contiguous pages. */
export const MAX_BLOCK_PAGES = 1 << 10;

declare const unit: unique symbol;
/**
 * A number with a unit. A plain number, such as the result of a calculation, can be one of any unit;
 * one unit cannot be taken for another.
 */
type Unit<Name extends string> = number & { readonly [unit]?: Name };

/** A virtual or physical address in bytes. May exceed 32 bits: no bit operators on it. */
export type Address = Unit<'bytes'>;
/** A virtual page number: virtual address / PAGE_SIZE. */
export type Vpn = Unit<'virtual page'>;
/** A physical page frame number, as Linux counts: physical address / PAGE_SIZE. */
export type Pfn = Unit<'physical page'>;
/** Index of a page in a file. */
export type Pgoff = Unit<'page of a file'>;
/** vm_pgoff: a page of a file; of anonymous memory a virtual page, of some VM_PFNMAP a physical one. */
export type VmPgoff = Pgoff | Vpn | Pfn;
/** Number of a frame of {@link PhysicalMemory}: the emulator's compact stand-in for a pfn. */
export type Frame = Unit<'frame'>;

/** Bytes to whole pages, rounded up. */
export function pagesOf(bytes: number): number {
  return Math.ceil(bytes / PAGE_SIZE);
}

/**
 * The page that holds the byte at `address`. V8 keeps what Math.floor() gives as an integer in the
 * object, where the result of a division would be a number elsewhere.
 */
export function pageOf(address: Address): number {
  return Math.floor(address / PAGE_SIZE);
}

export function isPageAligned(address: Address): boolean {
  return address % PAGE_SIZE === 0;
}

export function pageAlign(bytes: number): number {
  return Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE;
}

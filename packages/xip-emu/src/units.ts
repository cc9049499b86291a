/** Pages of 4096 bytes: the only size that the emulated kernels have. */
export const PAGE_SHIFT = 12;
export const PAGE_SIZE = 4096;
export const PAGE_MASK = PAGE_SIZE - 1;
/** MAX_PAGE_ORDER: the page allocator gives at most 2^10 contiguous pages, 4 MiB. */
export const MAX_BLOCK_PAGES = 1 << 10;

/** A virtual or physical address in bytes. May exceed 32 bits: no bit operators on it. */
export type Address = number;
/** A virtual page number: virtual address / PAGE_SIZE. */
export type Vpn = number;
/** A physical page frame number, as Linux counts: physical address / PAGE_SIZE. */
export type Pfn = number;
/** Index of a page in a file. */
export type Pgoff = number;
/** Number of a frame of {@link PhysicalMemory}: the emulator's compact stand-in for a pfn. */
export type Frame = number;

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

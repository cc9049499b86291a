import type { BlockSize } from 'cramfs-format';

/** The end of size_t, in which lengths are rounded up. */
const LENGTH_LIMIT = 2 ** 64;

/**
 * The page size of a machine: PAGE_SIZE, PAGE_SHIFT and the macros of Linux that depend on them.
 *
 * Linux is built for one page size, but machines of several sizes can be alive at once here, so there is no
 * page size without a machine. `PhysicalMemory` owns the geometry. Whatever belongs to a machine has
 * it as `geometry` (`phys`, `Mm`, `NommuMm`, `SuperBlock`, `KernelBuild`, `Process`), and a function
 * asks the object that it works on. Hot loops read `size` into a local first.
 */
export class PageGeometry {
  /** PAGE_SIZE in bytes: a power of two that cramfs can have as its block size. */
  readonly size: BlockSize;
  /** PAGE_SHIFT: log2 of `size`. */
  readonly shift: number;

  constructor(size: BlockSize) {
    this.size = size;
    this.shift = Math.log2(size);
  }

  /** PFN_UP(): bytes to whole pages, rounded up. */
  pagesOf(bytes: number): number {
    return Math.ceil(bytes / this.size);
  }

  /**
   * PFN_DOWN(): the page that holds the byte at `address`. V8 keeps the result of Math.floor() as an
   * integer in an object, and the result of a division as a number on the heap.
   */
  pageOf(address: Address): number {
    return Math.floor(address / this.size);
  }

  /** PAGE_ALIGNED() */
  isAligned(address: Address): boolean {
    return address % this.size === 0;
  }

  /** PAGE_ALIGN(): rounds up to whole pages. */
  align(bytes: number): number {
    return Math.ceil(bytes / this.size) * this.size;
  }

  /** PAGE_ALIGN_DOWN(): the start of the page that holds the byte at `address`. */
  alignDown(address: Address): Address {
    return Math.floor(address / this.size) * this.size;
  }

  /** {@link align} of a length that a system call gets: one near the end of size_t becomes 0. */
  alignLength(bytes: number): number {
    const length = this.align(bytes);
    return length < LENGTH_LIMIT ? length : 0;
  }

  /** {@link alignLength} in pages. */
  lengthPages(bytes: number): number {
    return this.alignLength(bytes) / this.size;
  }
}

/** The page size of most kernels. */
export const DEFAULT_PAGE_SIZE: BlockSize = 4096;

declare const unit: unique symbol;
/**
 * A number with a unit. A plain number, such as the result of a calculation, can be one of any unit;
 * one unit cannot be taken for another.
 */
type Unit<Name extends string> = number & { readonly [unit]?: Name };

/** A virtual or physical address in bytes. May exceed 32 bits: no bit operators on it. */
export type Address = Unit<'bytes'>;
/** A virtual page number: virtual address / page size. */
export type Vpn = Unit<'virtual page'>;
/** A physical page frame number, as Linux counts: physical address / page size. */
export type Pfn = Unit<'physical page'>;
/** Index of a page in a file. */
export type Pgoff = Unit<'page of a file'>;
/** vm_pgoff: a page of a file; of anonymous memory a virtual page, of some VM_PFNMAP a physical one. */
export type VmPgoff = Pgoff | Vpn | Pfn;
/** Number of a frame of {@link PhysicalMemory}: the emulator's compact stand-in for a pfn. */
export type Frame = Unit<'frame'>;

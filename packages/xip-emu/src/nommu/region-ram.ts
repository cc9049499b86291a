import { SyscallError, invariant } from '../errno.js';
import { FRAME_REGION } from '../phys/frame.js';
import type { PhysicalMemory } from '../phys/physical-memory.js';
import type { Address, Frame } from '../units.js';

/** The RAM under mappings: contiguous frames, since addresses are physical. */
export class RegionRam {
  /** mmap_pages_allocated: "MmapCopy" of /proc/meminfo, in pages. */
  pagesAllocated = 0;

  /** Requests in which the page allocator warns (WARN_ON_ONCE, which taints the kernel). */
  warnings = 0;

  readonly phys: PhysicalMemory;

  /** vm.nr_trim_pages: an excess of at least this many pages is given back at once; 0 = never. */
  private readonly trimPages: number;

  private readonly pageSize: number;

  constructor(phys: PhysicalMemory, trimPages = 1) {
    this.phys = phys;
    this.pageSize = phys.geometry.size;
    this.trimPages = trimPages;
  }

  /** The number of pages that are allocated when `pages` are requested. Compare mm/nommu.c:do_mmap_private(). */
  private total(pages: number): number {
    const block = 2 ** Math.ceil(Math.log2(pages));
    return this.trimPages > 0 && block - pages >= this.trimPages ? pages : block;
  }

  /**
   * Zeroed pages in a row. The kernel takes the next power of two, and gives the rest back at once
   * if that is enough (vm.nr_trim_pages). Compare mm/nommu.c:do_mmap_private() =>
   * alloc_pages_exact().
   *
   * @returns where they start, and where the allocation ends.
   * @throws SyscallError ENOMEM if no such row is free, or for more than `phys.maxBlockPages`: the
   * page allocator can never give those, so it also warns (mm/page_alloc.c:__alloc_pages()).
   */
  allocate(pages: number): { readonly start: Address; readonly top: Address } {
    const possible = pages <= this.phys.maxBlockPages;
    const total = this.total(pages);
    if (!possible) this.warnings += 1;
    const first = possible ? this.phys.allocateRun(total, FRAME_REGION) : undefined;
    if (first === undefined) throw new SyscallError('ENOMEM', `no ${pages} contiguous pages`);
    this.pagesAllocated += total;
    const start = this.phys.pfnOf(first) * this.pageSize;
    return { start, top: start + total * this.pageSize };
  }

  /** Compare mm/nommu.c:free_page_series(). */
  free(start: Address, end: Address): void {
    const first = this.frameAt(start);
    const pages = (end - start) / this.pageSize;
    for (let page = pages - 1; page >= 0; page -= 1) this.phys.put(first + page);
    this.pagesAllocated -= pages;
  }

  /** Copies `bytes` to a page-aligned address of allocated, still zeroed memory. */
  write(address: Address, bytes: Uint8Array): void {
    const first = this.frameAt(address);
    const { pageSize } = this;
    for (let at = 0; at < bytes.length; at += pageSize) {
      this.phys.fill(first + at / pageSize, bytes.subarray(at, at + pageSize));
    }
  }

  private frameAt(address: Address): Frame {
    const frame = this.phys.frameOf(address / this.pageSize);
    invariant(frame !== undefined, 'region memory is RAM of the machine');
    return frame;
  }
}

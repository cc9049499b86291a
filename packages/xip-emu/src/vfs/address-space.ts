import { FRAME_PAGE_CACHE } from '../phys/frame.js';
import type { FrameOwner } from '../phys/frame-content.js';
import { PG_DIRTY } from '../phys/frame-table.js';
import type { PhysicalMemory } from '../phys/physical-memory.js';
import type { Address, Frame, PageGeometry, Pgoff } from '../units.js';
import type { Inode } from './inode.js';
import { unmapMappingRange } from './rmap.js';
import type { Extent } from './shared-pages.js';
import type { VmArea } from './vm-area.js';

/** struct address_space_operations. */
export interface AddressSpaceOperations {
  /**
   * The content of a page as the file system gives it: at most a page of bytes, zeros follow.
   * The same bytes each time, until somebody writes to the page.
   *
   * @throws SyscallError EIO if it cannot be read.
   */
  readFolio(mapping: AddressSpace, index: Pgoff): Uint8Array;
  /**
   * Writes a dirty page back; without this hook pages are only in the cache. Called when the page
   * is already marked clean.
   *
   * @param content a page, which may reach past the end of the file; valid during the call.
   * @throws SyscallError.
   */
  writeFolio?(mapping: AddressSpace, index: Pgoff, content: Uint8Array): void;
  /** Called before a page is added to the cache. @throws SyscallError such as ENOSPC. */
  allocateFolio?(mapping: AddressSpace, index: Pgoff): void;
  /** Called when a page was taken out of the cache. */
  freeFolio?(mapping: AddressSpace, index: Pgoff): void;
  /**
   * True if `readFolio` may return other bytes the next time; cached pages then keep what they got.
   */
  readonly volatile?: boolean;
  /**
   * Called when page `index` belongs to this file alone and is about to be written to: finds a
   * place for it. Compare iomap_begin() for IOMAP_WRITE.
   *
   * @throws SyscallError such as ENOSPC.
   */
  prepareWrite?(mapping: AddressSpace, index: Pgoff): void;
  /**
   * The physical extent that a clean page comes from, for a kernel that shares the pages of shared
   * extents; undefined if the page has none, such as a hole, or must not be shared.
   */
  extentOf?(mapping: AddressSpace, index: Pgoff): Extent | undefined;
  /**
   * Returns the bus address of a page that is in ROM as programs see it, so that it can be mapped
   * from there; undefined if it is not.
   */
  romAddressOf?(mapping: AddressSpace, index: Pgoff): Address | undefined;
}

export interface AddressSpaceOptions {
  /** True if the file may become shorter, or get other pages. */
  readonly truncatable?: boolean;
  /** The image, if `readFolio` returns parts of it without a copy. */
  readonly store?: Uint8Array;
}

const CHUNK_SHIFT = 9;
const CHUNK_MASK = (1 << CHUNK_SHIFT) - 1;
const NONE = -1;
const NOTHING = new Uint8Array(0);

/** struct address_space: the page cache of one inode. */
export class AddressSpace implements FrameOwner {
  readonly host: Inode;
  readonly aops: AddressSpaceOperations;
  readonly phys: PhysicalMemory;
  readonly geometry: PageGeometry;
  /** i_mmap: areas that map pages of the file; kept only if pages can be taken from them. */
  iMmap: Set<VmArea> | undefined;
  readonly store: Uint8Array | undefined;
  /** Pages in the cache. */
  pages = 0;
  private readonly chunks: (Int32Array | undefined)[] = [];

  constructor(
    host: Inode,
    aops: AddressSpaceOperations,
    phys: PhysicalMemory,
    { truncatable = false, store }: AddressSpaceOptions = {},
  ) {
    this.host = host;
    this.aops = aops;
    this.phys = phys;
    this.geometry = phys.geometry;
    this.store = store;
    this.iMmap = truncatable ? new Set() : undefined;
  }

  /** The file's length in pages, the last one perhaps partial: the first index past its end. */
  get filePages(): Pgoff {
    return this.geometry.pagesOf(this.host.size);
  }

  /** Keeps areas in `iMmap` from now on. */
  trackAreas(): void {
    this.iMmap ??= new Set();
  }

  /** The frame that caches page `index`, or -1. */
  find(index: Pgoff): Frame {
    const chunk = this.chunks[index >>> CHUNK_SHIFT];
    return chunk === undefined ? NONE : chunk[index & CHUNK_MASK]!;
  }

  /**
   * The frame that caches page `index`, read if it was not there.
   *
   * @throws SyscallError EIO.
   */
  read(index: Pgoff): Frame {
    const frame = this.find(index);
    return frame >= 0 ? frame : this.readFolio(index);
  }

  private readFolio(index: Pgoff): Frame {
    const { sb, ino } = this.host;
    const { sharedPages } = sb;
    const extent = sharedPages && this.aops.extentOf?.(this, index);
    if (extent !== undefined) {
      const shared = sharedPages!.find(extent);
      if (shared !== undefined) {
        this.phys.frames.get(shared);
        this.insert(index, shared);
        sharedPages!.join(extent, shared, this, index);
        sb.trace.sink?.({ type: 'share-folio', fs: sb.type, ino, index });
        return shared;
      }
    }
    const content = this.aops.readFolio(this, index);
    this.aops.allocateFolio?.(this, index);
    const frame = this.phys.allocate(FRAME_PAGE_CACHE, this, index);
    this.insert(index, frame);
    if (this.aops.volatile === true) this.phys.fill(frame, content);
    else this.phys.keepContent(frame, content);
    if (extent !== undefined) sharedPages!.join(extent, frame, this, index);
    sb.trace.sink?.({ type: 'read-folio', fs: sb.type, ino, index });
    return frame;
  }

  /**
   * The frame that caches page `index`, a zeroed one if there was none, for a caller that is about
   * to fill it. Compare mm/filemap.c:__filemap_get_folio() with FGP_CREAT.
   */
  grab(index: Pgoff): Frame {
    const known = this.find(index);
    if (known >= 0) return known;
    this.aops.allocateFolio?.(this, index);
    const frame = this.phys.allocate(FRAME_PAGE_CACHE, this, index);
    this.phys.fill(frame, NOTHING);
    this.insert(index, frame);
    return frame;
  }

  /**
   * Registers the cached clean pages `first`..`end` (exclusive) for sharing: their extents are
   * shared from now on.
   */
  publish(first: Pgoff, end: Pgoff): void {
    const { sharedPages } = this.host.sb;
    if (sharedPages === undefined) return;
    for (let index = first; index < end; index += 1) {
      const frame = this.find(index);
      if (frame < 0 || this.phys.frames.hasFlag(frame, PG_DIRTY) || sharedPages.usersOf(frame) > 0)
        continue;
      const extent = this.aops.extentOf?.(this, index);
      if (extent !== undefined) sharedPages.join(extent, frame, this, index);
    }
  }

  /**
   * The frame that caches page `index`, read if it was not there, for a caller that is about to
   * write: only this page of this file uses it. If the frame was shared, the others keep it, and
   * this file's areas fault to find the copy.
   *
   * @throws SyscallError EIO, or what `prepareWrite` throws.
   */
  own(index: Pgoff): Frame {
    const { phys } = this;
    let frame = this.read(index);
    if (this.host.sb.sharedPages?.leave(frame, this, index) === true) {
      frame = this.unshare(index, frame);
    } else {
      // The backing may change: first copy the old bytes to the frame.
      phys.borrowWritable(frame);
    }
    this.aops.prepareWrite?.(this, index);
    return frame;
  }

  private unshare(index: Pgoff, shared: Frame): Frame {
    const { phys } = this;
    const { sb, ino } = this.host;
    const copy = phys.allocate(FRAME_PAGE_CACHE, this, index);
    phys.fill(copy, phys.borrow(shared));
    unmapMappingRange(this, index, index + 1, false);
    this.chunks[index >>> CHUNK_SHIFT]![index & CHUNK_MASK] = copy;
    phys.put(shared);
    sb.trace.sink?.({ type: 'unshare-folio', fs: sb.type, ino, index });
    return copy;
  }

  /** Takes over a reference to a frame; no page may be at `index`. */
  private insert(index: Pgoff, frame: Frame): void {
    const at = index >>> CHUNK_SHIFT;
    let chunk = this.chunks[at];
    if (chunk === undefined) {
      chunk = new Int32Array(CHUNK_MASK + 1).fill(NONE);
      this.chunks[at] = chunk;
    }
    chunk[index & CHUNK_MASK] = frame;
    this.pages += 1;
  }

  folioContent(index: Pgoff): Uint8Array {
    return this.aops.readFolio(this, index);
  }

  /** Takes page `index` out of the cache, if it is cached. */
  remove(index: Pgoff): void {
    const chunk = this.chunks[index >>> CHUNK_SHIFT];
    const frame = chunk?.[index & CHUNK_MASK] ?? NONE;
    if (frame < 0) return;
    chunk![index & CHUNK_MASK] = NONE;
    this.pages -= 1;
    const shared = this.host.sb.sharedPages?.leave(frame, this, index) ?? false;
    // A pipe may keep the page: with its bytes, whatever happens to the file.
    if (!shared && this.phys.frames.refCount(frame) > 1) this.phys.borrowWritable(frame);
    this.phys.put(frame);
    this.aops.freeFolio?.(this, index);
  }

  /** Indexes of the cached pages, ascending. */
  *indexes(): Generator<Pgoff> {
    for (const [at, chunk] of this.chunks.entries()) {
      if (chunk === undefined) continue;
      for (let slot = 0; slot <= CHUNK_MASK; slot += 1) {
        if (chunk[slot]! >= 0) yield at * (CHUNK_MASK + 1) + slot;
      }
    }
  }

  /** Drops the pages that are clean and not mapped. Compare mm/truncate.c:invalidate_mapping_pages(). */
  dropUnmapped(): void {
    for (const index of [...this.indexes()]) {
      const frame = this.find(index);
      if (this.phys.frames.mapCount(frame) === 0 && !this.phys.frames.hasFlag(frame, PG_DIRTY)) {
        this.remove(index);
      }
    }
  }

  /** Drops all pages; none may be mapped. */
  evict(): void {
    for (const index of [...this.indexes()]) this.remove(index);
  }
}

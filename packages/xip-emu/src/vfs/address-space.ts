import {
  FRAME_PAGE_CACHE,
  PG_DIRTY,
  type FrameOwner,
  type PhysicalMemory,
} from '../phys/physical-memory.js';
import type { Frame, Pgoff } from '../units.js';
import type { Inode } from './inode.js';
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
}

export interface AddressSpaceOptions {
  /** True if the file may become shorter. */
  readonly truncatable?: boolean;
  /** The image, if `readFolio` gives parts of it as they are. */
  readonly store?: Uint8Array;
}

const CHUNK_SHIFT = 9;
const CHUNK_MASK = (1 << CHUNK_SHIFT) - 1;
const NONE = -1;

/** struct address_space: the page cache of one inode. */
export class AddressSpace implements FrameOwner {
  readonly host: Inode;
  readonly aops: AddressSpaceOperations;
  readonly phys: PhysicalMemory;
  /** i_mmap: areas that map pages of the file; kept only where a truncation needs them. */
  readonly iMmap: Set<VmArea> | undefined;
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
    this.store = store;
    this.iMmap = truncatable ? new Set() : undefined;
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
    const content = this.aops.readFolio(this, index);
    const frame = this.add(index);
    this.phys.keepContent(frame, content);
    const { sb, ino } = this.host;
    sb.trace.sink?.({ type: 'read-folio', fs: sb.type, ino, index });
    return frame;
  }

  /** Puts a frame without content of its own into the cache; nothing may be there. */
  private add(index: Pgoff): Frame {
    const frame = this.phys.allocate(FRAME_PAGE_CACHE, this, index);
    const at = index >>> CHUNK_SHIFT;
    let chunk = this.chunks[at];
    if (chunk === undefined) {
      chunk = new Int32Array(CHUNK_MASK + 1).fill(NONE);
      this.chunks[at] = chunk;
    }
    chunk[index & CHUNK_MASK] = frame;
    this.pages += 1;
    return frame;
  }

  folioContent(index: number): Uint8Array {
    return this.aops.readFolio(this, index);
  }

  /** Takes page `index` out of the cache, if it is there. */
  remove(index: Pgoff): void {
    const chunk = this.chunks[index >>> CHUNK_SHIFT];
    const frame = chunk?.[index & CHUNK_MASK] ?? NONE;
    if (frame < 0) return;
    chunk![index & CHUNK_MASK] = NONE;
    this.pages -= 1;
    this.phys.put(frame);
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
      if (this.phys.mapCount(frame) === 0 && !this.phys.hasFlag(frame, PG_DIRTY)) {
        this.remove(index);
      }
    }
  }

  /** Drops all pages; none may be mapped. */
  evict(): void {
    for (const index of [...this.indexes()]) this.remove(index);
  }
}

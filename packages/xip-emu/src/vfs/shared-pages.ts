import { invariant } from '../errno.js';
import { FRAME_PAGE_CACHE } from '../phys/frame.js';
import { PG_DIRTY } from '../phys/frame-table.js';
import type { PhysicalMemory } from '../phys/physical-memory.js';
import type { Frame, Pgoff } from '../units.js';
import type { AddressSpace } from './address-space.js';

/**
 * A physical extent of a file system, a page long, by a name that the file system chooses: pages
 * of the same name have the same bytes.
 */
export type Extent = number | string;

interface PageUser {
  readonly mapping: AddressSpace;
  readonly index: Pgoff;
}

/** A clean page of the page cache, and the files and indexes that have it. */
interface SharedPage {
  readonly extent: Extent;
  readonly frame: Frame;
  readonly users: PageUser[];
}

/**
 * The page-cache pages of one file system by the extents that they were read from: what files
 * share on the device they share in memory, page by page, until somebody writes. Linux does not
 * have this; "sharing page cache pages between multiple mappings" (2016) discusses it.
 *
 * Each user holds a reference to the frame. A page leaves the set before it is written to.
 */
export class SharedPages {
  /** Additional pages of RAM that files would take if they shared none. */
  savedPages = 0;
  private readonly phys: PhysicalMemory;
  private readonly byExtent = new Map<Extent, SharedPage>();
  private readonly byFrame = new Map<Frame, SharedPage>();

  constructor(phys: PhysicalMemory) {
    this.phys = phys;
  }

  /** The frame that has the extent; undefined if none has. */
  find(extent: Extent): Frame | undefined {
    return this.byExtent.get(extent)?.frame;
  }

  /**
   * Records that `mapping` caches the extent at `index` in `frame`. If another frame is already
   * known for the extent, the page is not shared.
   */
  join(extent: Extent, frame: Frame, mapping: AddressSpace, index: Pgoff): void {
    const page = this.byExtent.get(extent);
    if (page === undefined) {
      const fresh = { extent, frame, users: [{ mapping, index }] };
      this.byExtent.set(extent, fresh);
      this.byFrame.set(frame, fresh);
    } else if (page.frame === frame) {
      page.users.push({ mapping, index });
      this.savedPages += 1;
    }
  }

  /**
   * Records that `mapping` gives up the frame at `index`, or is about to write to it.
   *
   * @returns true if somebody else still has it.
   */
  leave(frame: Frame, mapping: AddressSpace, index: Pgoff): boolean {
    const page = this.byFrame.get(frame);
    if (page === undefined) return false;
    const { extent, users } = page;
    const at = users.findIndex((user) => user.mapping === mapping && user.index === index);
    invariant(at >= 0, `frame ${frame} is shared without page ${index} of the file that has it`);
    users.splice(at, 1);
    const [next] = users;
    if (next === undefined) {
      this.byExtent.delete(extent);
      this.byFrame.delete(frame);
      return false;
    }
    this.savedPages -= 1;
    if (at === 0) this.phys.setOwner(frame, next.mapping, next.index);
    return true;
  }

  /** How many pages of files share `frame`; 0 if it cannot be shared. */
  usersOf(frame: Frame): number {
    return this.byFrame.get(frame)?.users.length ?? 0;
  }

  /**
   * Checks what has to hold between any two system calls: each user caches the frame at its
   * recorded index and holds a reference, and nobody has written to it or may do so.
   *
   * @throws InvariantError
   */
  validate(): void {
    const { phys } = this;
    let saved = 0;
    for (const { extent, frame, users } of this.byFrame.values()) {
      const where = `the shared frame ${frame}`;
      invariant(this.byExtent.get(extent)?.frame === frame, `${where} is not found by its extent`);
      invariant(
        phys.frames.kindOf(frame) === FRAME_PAGE_CACHE,
        `${where} is not a page-cache page`,
      );
      invariant(!phys.frames.hasFlag(frame, PG_DIRTY), `${where} is dirty`);
      invariant(
        phys.frames.refCount(frame) >= users.length + phys.frames.mapCount(frame),
        `${where} leaks`,
      );
      for (const { mapping, index } of users) {
        invariant(mapping.find(index) === frame, `${where} is not page ${index} of its file`);
        for (const vma of mapping.iMmap ?? []) {
          const vpn = vma.start + (index - vma.pgoff);
          const inside = vpn >= vma.start && vpn < vma.end;
          invariant(!inside || !vma.mm.isWritable(vpn, frame), `${where} can be stored to`);
        }
      }
      saved += users.length - 1;
    }
    invariant(
      saved === this.savedPages && this.byExtent.size === this.byFrame.size,
      'a sum is off',
    );
  }
}

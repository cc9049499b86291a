import { InvariantError } from '../errno.js';
import type { Frame } from '../units.js';
import {
  FRAME_ANON,
  FRAME_FREE,
  FRAME_LIMIT,
  FRAME_ROM,
  FRAME_ZERO,
  ROM_FRAMES,
  ZERO_FRAME,
  type FrameKind,
} from './frame.js';
import { enlarged } from './enlarged.js';

/** PG_dirty: the page differs from its backing store, or has none. */
export const PG_DIRTY = 1;
/** PG_anon_exclusive: no other process can share the page. Compare mm/memory.c:do_wp_page(). */
export const PG_ANON_EXCLUSIVE = 2;
/** PG_swapbacked cleared by MADV_FREE. */
export const PG_LAZYFREE = 4;

/**
 * mem_map: the `struct page` of each frame of RAM. Each user that keeps the frame from being freed
 * has one reference: the page cache, each page table entry, each no-MMU region. The map count
 * counts page table entries only.
 */
export class FrameTable {
  private refs: Int32Array<ArrayBuffer>;
  private maps: Int32Array<ArrayBuffer>;
  private kinds: Uint8Array<ArrayBuffer>;
  private flags: Uint8Array<ArrayBuffer>;
  /** Counts how often the frame was freed, to tell its lives apart. */
  private lives: Uint32Array<ArrayBuffer>;

  /** @param length number of frames to make room for. */
  constructor(length: number) {
    this.refs = new Int32Array(length);
    this.maps = new Int32Array(length);
    this.kinds = new Uint8Array(length);
    this.flags = new Uint8Array(length);
    this.lives = new Uint32Array(length);
    this.kinds[ZERO_FRAME] = FRAME_ZERO;
    this.refs[ZERO_FRAME] = 1;
  }

  enlarge(length: number): void {
    this.refs = enlarged(this.refs, new Int32Array(length));
    this.maps = enlarged(this.maps, new Int32Array(length));
    this.kinds = enlarged(this.kinds, new Uint8Array(length));
    this.flags = enlarged(this.flags, new Uint8Array(length));
    this.lives = enlarged(this.lives, new Uint32Array(length));
  }

  /** Frames that there is room for. */
  get length(): number {
    return this.kinds.length;
  }

  /** Starts the life of a frame, with one reference. */
  begin(frame: Frame, kind: FrameKind): void {
    this.kinds[frame] = kind;
    this.refs[frame] = 1;
    this.maps[frame] = 0;
    this.flags[frame] = 0;
  }

  /** Ends the life of a frame without references. */
  end(frame: Frame): void {
    if (frame === ZERO_FRAME) throw new InvariantError('the zero page was freed');
    if (this.maps[frame] !== 0) throw new InvariantError(`frame ${frame} is freed while mapped`);
    this.kinds[frame] = FRAME_FREE;
    this.lives[frame]! += 1;
  }

  get(frame: Frame): void {
    this.refs[frame]! += 1;
  }

  /** Drops a reference. @returns true if it was the last one: `put_page_testzero()`. */
  putTestzero(frame: Frame): boolean {
    const left = this.refs[frame]! - 1;
    this.refs[frame] = left;
    if (left < 0) throw new InvariantError(`frame ${frame} was put more often than taken`);
    return left === 0;
  }

  /** One more page table entry maps the frame, and holds a reference. */
  addMap(frame: Frame): void {
    this.refs[frame]! += 1;
    this.maps[frame]! += 1;
  }

  /** A page table entry takes over the reference that a fresh frame came with. */
  adoptMap(frame: Frame): void {
    this.maps[frame] = 1;
  }

  /** One page table entry less; its reference is still to be dropped. */
  dropMap(frame: Frame): void {
    this.maps[frame]! -= 1;
  }

  mapCount(frame: Frame): number {
    return this.maps[frame]!;
  }

  refCount(frame: Frame): number {
    return this.refs[frame]!;
  }

  kindOf(frame: Frame): FrameKind {
    return frame >= ROM_FRAMES ? FRAME_ROM : (this.kinds[frame]! as FrameKind);
  }

  isAnon(frame: Frame): boolean {
    return this.kinds[frame] === FRAME_ANON;
  }

  hasFlag(frame: Frame, flag: number): boolean {
    return (this.flags[frame]! & flag) !== 0;
  }

  setFlag(frame: Frame, flag: number): void {
    this.flags[frame]! |= flag;
  }

  clearFlag(frame: Frame, flag: number): void {
    this.flags[frame]! &= ~flag;
  }

  /** A key that no other page has or had: the page as an object, not the place. */
  identity(frame: Frame): number {
    return frame >= ROM_FRAMES ? frame : frame + this.lives[frame]! * FRAME_LIMIT;
  }
}

import { InvariantError, UnmodelledError, invariant } from '../errno.js';
import { PAGE_SIZE, isPageAligned, type Frame, type Pfn } from '../units.js';
import { PageArena } from './page-arena.js';
import type { RomWindow } from './rom-window.js';

/** What a frame holds. ROM frames are no pages to Linux: they have no `struct page`. */
export const FRAME_FREE = 0;
export const FRAME_ANON = 1;
export const FRAME_PAGE_CACHE = 2;
export const FRAME_ZERO = 3;
/** RAM of the no-MMU allocator: part of a vm_region. */
export const FRAME_REGION = 4;
export const FRAME_ROM = 5;
export type FrameKind = 0 | 1 | 2 | 3 | 4 | 5;

/** PG_dirty: the page differs from its backing store, or has none. */
export const PG_DIRTY = 1;
/** PG_anon_exclusive: no other process can have the page. Compare mm/memory.c:do_wp_page(). */
export const PG_ANON_EXCLUSIVE = 2;
/** PG_swapbacked cleared by MADV_FREE. */
export const PG_LAZYFREE = 4;

/** The shared zero page. */
export const ZERO_FRAME: Frame = 0;
/** Frames from here on are ROM; a page table entry keeps 22 bits of a frame number. */
export const ROM_FRAMES: Frame = 1 << 21;
export const FRAME_LIMIT: Frame = 1 << 22;

/**
 * Gives the content of clean page-cache frames on demand, so that a gigabyte of mapped file costs
 * the emulator no gigabyte. Must give the same bytes each time.
 */
export interface FrameOwner {
  /** A page of bytes that nobody writes to; shorter ones are followed by zeros. */
  folioContent(index: number): Uint8Array;
  /**
   * Bytes that never change, of which `folioContent` may give parts as they are: such an image is
   * read where it is.
   */
  readonly store: Uint8Array | undefined;
}

export interface PhysicalMemoryOptions {
  /** Bytes of RAM. */
  readonly ramSize: number;
  /** Physical address of the RAM. */
  readonly ramAddress: number;
  readonly roms: readonly RomWindow[];
}

/** Contents that were decoded and are kept: at most 16 MiB, as much as a file of cramfs has. */
const CACHE_SLOTS = 4096;
const NO_BYTES = new Uint8Array(0);
let zeroPage = new Uint8Array(PAGE_SIZE);

/**
 * All frames of the machine: RAM frames with reference and map counts (`struct page`), and the
 * windows of ROM, which are addressed and nothing more.
 *
 * `refs` counts whoever keeps a frame from being freed: the page cache, each page table entry,
 * each no-MMU region. `maps` counts page table entries alone (mapcount).
 */
export class PhysicalMemory {
  readonly roms: readonly RomWindow[];
  readonly ramFrames: number;
  /** Frames in use, the zero page not counted. */
  used = 0;
  /** Called when all frames are in use: gives back what can be read again. */
  reclaim: (() => void) | undefined = undefined;
  private readonly ramPfn: Pfn;
  private readonly romBase: readonly Frame[];
  /** Frames from here on are of bus addresses where there is nothing: see {@link absentFrame}. */
  readonly absentFrames: Frame;
  private readonly absentPfns: Pfn[] = [];
  private readonly absentByPfn = new Map<Pfn, Frame>();
  private refs = new Int32Array(1024);
  private maps = new Int32Array(1024);
  private kinds = new Uint8Array(1024);
  private flags = new Uint8Array(1024);
  /** Content slot of the arena, -1 = none: the owner's content, or zeros. */
  private slots = new Int32Array(1024).fill(-1);
  /** Where in the owner's store the content is, -1 = nowhere, and how many bytes it has there. */
  private places = new Int32Array(1024).fill(-1);
  private placeLengths = new Uint32Array(1024);
  /** Page-cache index of the frame. */
  private indexes = new Int32Array(1024);
  /** Counts how often the frame was freed: tells two lives of it apart. */
  private lives = new Uint32Array(1024);
  private readonly owners: (FrameOwner | undefined)[] = [];
  private next: Frame = 1;
  private readonly freeList: Frame[] = [];
  private readonly arena = new PageArena();
  private readonly cachedFrame = new Int32Array(CACHE_SLOTS).fill(-1);
  private readonly cachedContent: Uint8Array[] = new Array<Uint8Array>(CACHE_SLOTS).fill(NO_BYTES);

  constructor({ ramSize, ramAddress, roms }: PhysicalMemoryOptions) {
    this.ramFrames = Math.floor(ramSize / PAGE_SIZE);
    this.ramPfn = Math.floor(ramAddress / PAGE_SIZE);
    this.roms = roms;
    const base: Frame[] = [];
    let at = ROM_FRAMES;
    for (const { address, size } of roms) {
      invariant(isPageAligned(address) && isPageAligned(size), 'ROM windows are whole pages');
      base.push(at);
      at += size / PAGE_SIZE;
    }
    if (at > FRAME_LIMIT || this.ramFrames >= ROM_FRAMES) {
      throw new UnmodelledError('more than 8 GiB of RAM or of ROM');
    }
    this.romBase = base;
    this.absentFrames = at;
    this.kinds[ZERO_FRAME] = FRAME_ZERO;
    this.refs[ZERO_FRAME] = 1;
  }

  /** A fresh frame with one reference; its bytes are zero unless an owner gives them. */
  allocate(kind: FrameKind, owner?: FrameOwner, index = 0): Frame {
    const frame = this.freeList.pop() ?? this.grow();
    this.initialize(frame, kind, index);
    if (owner !== undefined) this.owners[frame] = owner;
    return frame;
  }

  /**
   * Contiguous zeroed frames, each with one reference. Freed again in descending order, such a row
   * is the first that the next call finds. Compare mm/page_alloc.c:alloc_pages_exact().
   *
   * @returns the first of them; undefined if no such row is free.
   */
  allocateRun(pages: number, kind: FrameKind): Frame | undefined {
    let first = this.freedRun(pages, this.freeList.length - pages);
    if (first === undefined && this.next + pages - 1 <= this.ramFrames) {
      first = this.grow();
      for (let page = 1; page < pages; page += 1) this.grow();
    }
    first ??= this.searchFreedRun(pages);
    if (first === undefined && this.reclaim !== undefined) {
      this.reclaim();
      first = this.searchFreedRun(pages);
    }
    if (first === undefined) return undefined;
    for (let page = 0; page < pages; page += 1) this.initialize(first + page, kind, 0);
    return first;
  }

  /** Takes `pages` entries of the free list from `at` on, if they are a descending row. */
  private freedRun(pages: number, at: number): Frame | undefined {
    const first = this.freeList[at + pages - 1];
    if (at < 0 || first === undefined) return undefined;
    for (let page = 1; page < pages; page += 1) {
      if (this.freeList[at + pages - 1 - page] !== first + page) return undefined;
    }
    this.freeList.splice(at, pages);
    return first;
  }

  private searchFreedRun(pages: number): Frame | undefined {
    const list = this.freeList.sort((a, b) => b - a);
    for (let end = list.length, at = end - 1; at >= 0; at -= 1) {
      if (at + 1 < end && list[at] !== list[at + 1]! + 1) end = at + 1;
      if (end - at === pages) return this.freedRun(pages, at);
    }
    return undefined;
  }

  private initialize(frame: Frame, kind: FrameKind, index: number): void {
    this.kinds[frame] = kind;
    this.refs[frame] = 1;
    this.maps[frame] = 0;
    this.flags[frame] = 0;
    this.indexes[frame] = index;
    this.used += 1;
  }

  private grow(): Frame {
    if (this.next > this.ramFrames) {
      this.reclaim?.();
      const freed = this.freeList.pop();
      if (freed !== undefined) return freed;
      throw new UnmodelledError(
        `memory pressure: all ${this.ramFrames} frames of RAM are in use, and neither reclaim nor the OOM killer is there`,
      );
    }
    const frame = this.next;
    this.next += 1;
    if (frame >= this.refs.length) this.enlarge();
    this.owners.push(undefined);
    return frame;
  }

  private enlarge(): void {
    const length = this.refs.length * 2;
    const more = <T extends Int32Array | Uint8Array | Uint16Array | Uint32Array>(
      old: T,
      fresh: T,
    ): T => {
      fresh.set(old);
      return fresh;
    };
    this.refs = more(this.refs, new Int32Array(length));
    this.maps = more(this.maps, new Int32Array(length));
    this.kinds = more(this.kinds, new Uint8Array(length));
    this.flags = more(this.flags, new Uint8Array(length));
    this.slots = more(this.slots, new Int32Array(length).fill(-1));
    this.places = more(this.places, new Int32Array(length).fill(-1));
    this.placeLengths = more(this.placeLengths, new Uint32Array(length));
    this.indexes = more(this.indexes, new Int32Array(length));
    this.lives = more(this.lives, new Uint32Array(length));
  }

  /** True for frames without struct page, which are not counted: of a ROM window, or absent. */
  isRom(frame: Frame): boolean {
    return frame >= ROM_FRAMES;
  }

  /** True for frames that {@link absentFrame} gave. */
  isAbsent(frame: Frame): boolean {
    return frame >= this.absentFrames;
  }

  /**
   * A frame for a bus address that neither RAM nor a ROM answers. It can be mapped, as Linux checks
   * nothing, but every access is a bus error.
   */
  absentFrame(pfn: Pfn): Frame {
    const known = this.absentByPfn.get(pfn);
    if (known !== undefined) return known;
    const frame = this.absentFrames + this.absentPfns.length;
    if (frame >= FRAME_LIMIT) throw new UnmodelledError('more than 8 GiB of ROM and of nothing');
    this.absentPfns.push(pfn);
    this.absentByPfn.set(pfn, frame);
    return frame;
  }

  get(frame: Frame): void {
    this.refs[frame]! += 1;
  }

  /** Drops a reference; the last one frees the frame. */
  put(frame: Frame): void {
    const left = this.refs[frame]! - 1;
    this.refs[frame] = left;
    if (left === 0) this.free(frame);
    else if (left < 0) throw new InvariantError(`frame ${frame} was put more often than taken`);
  }

  private free(frame: Frame): void {
    if (frame === ZERO_FRAME) throw new InvariantError('the zero page was freed');
    if (this.maps[frame] !== 0) throw new InvariantError(`frame ${frame} is freed while mapped`);
    const slot = this.slots[frame]!;
    if (slot >= 0) {
      this.arena.release(slot);
      this.slots[frame] = -1;
    }
    if (this.owners[frame] !== undefined) {
      this.owners[frame] = undefined;
      this.places[frame] = -1;
      this.forget(frame);
    }
    this.kinds[frame] = FRAME_FREE;
    this.lives[frame]! += 1;
    this.freeList.push(frame);
    this.used -= 1;
  }

  /** One more page table entry maps the RAM frame. */
  addMap(frame: Frame): void {
    this.refs[frame]! += 1;
    this.maps[frame]! += 1;
  }

  /** A page table entry takes over the reference that a fresh frame came with. */
  adoptMap(frame: Frame): void {
    this.maps[frame] = 1;
  }

  /** One page table entry less; frees an anonymous frame with its last one. */
  removeMap(frame: Frame): void {
    this.maps[frame]! -= 1;
    this.put(frame);
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

  /** Physical page frame number, as /proc/PID/pagemap would show it. */
  pfnOf(frame: Frame): Pfn {
    if (frame < ROM_FRAMES) return this.ramPfn + frame;
    if (this.isAbsent(frame)) return this.absentPfns[frame - this.absentFrames]!;
    const window = this.windowOf(frame);
    return this.roms[window]!.address / PAGE_SIZE + (frame - this.romBase[window]!);
  }

  /** The ROM frame with that pfn; undefined if no window has it. */
  romFrame(pfn: Pfn): Frame | undefined {
    for (const [window, { address, size }] of this.roms.entries()) {
      const page = pfn - address / PAGE_SIZE;
      if (page >= 0 && page < size / PAGE_SIZE) return this.romBase[window]! + page;
    }
    return undefined;
  }

  /** True if the machine has RAM at that pfn. */
  isRamPfn(pfn: Pfn): boolean {
    return pfn >= this.ramPfn && pfn <= this.ramPfn + this.ramFrames;
  }

  /** The frame with that pfn, RAM or ROM; undefined if there is neither. */
  frameOf(pfn: Pfn): Frame | undefined {
    const frame = pfn - this.ramPfn;
    return frame > ZERO_FRAME && frame < this.next ? frame : this.romFrame(pfn);
  }

  /** Byte offset of a ROM frame in its window. */
  romOffset(frame: Frame): number {
    return (frame - this.romBase[this.windowOf(frame)]!) * PAGE_SIZE;
  }

  private windowOf(frame: Frame): number {
    for (let window = this.romBase.length - 1; window >= 0; window -= 1) {
      if (frame >= this.romBase[window]!) return window;
    }
    throw new InvariantError(`frame ${frame} is no ROM`);
  }

  /** One byte of a frame, ROM or RAM. */
  readByte(frame: Frame, offset: number): number {
    if (frame >= ROM_FRAMES) {
      const window = this.windowOf(frame);
      return this.roms[window]!.bytes[(frame - this.romBase[window]!) * PAGE_SIZE + offset] ?? 0;
    }
    const slot = this.slots[frame]!;
    if (slot >= 0) return this.arena.readByte(slot, offset);
    const place = this.places[frame]!;
    if (place >= 0) {
      return offset < this.placeLengths[frame]! ? this.owners[frame]!.store![place + offset]! : 0;
    }
    return this.ownedContent(frame)[offset] ?? 0;
  }

  writeByte(frame: Frame, offset: number, value: number): void {
    this.arena.writeByte(this.materialize(frame), offset, value);
  }

  /** The bytes of a frame: a whole page that must not be written to, valid until the next call. */
  borrow(frame: Frame): Uint8Array {
    if (frame >= ROM_FRAMES) {
      if (this.isAbsent(frame)) return wholePage(NO_BYTES);
      const window = this.windowOf(frame);
      const start = (frame - this.romBase[window]!) * PAGE_SIZE;
      return wholePage(this.roms[window]!.bytes.subarray(start, start + PAGE_SIZE));
    }
    const slot = this.slots[frame]!;
    return slot >= 0 ? this.arena.view(slot) : wholePage(this.ownedContent(frame));
  }

  /** The bytes of a RAM frame, to be written to. */
  borrowWritable(frame: Frame): Uint8Array {
    return this.arena.view(this.materialize(frame));
  }

  /** Copies the content of one frame (ROM or RAM) into a RAM frame. */
  copy(to: Frame, from: Frame): void {
    if (from === ZERO_FRAME) return;
    const slot = from >= ROM_FRAMES ? -1 : this.slots[from]!;
    if (slot >= 0) {
      const target = this.slots[to]! >= 0 ? this.slots[to]! : (this.slots[to] = this.arena.take());
      this.arena.copy(target, slot);
      return;
    }
    const content = from >= ROM_FRAMES ? this.borrow(from) : this.ownedContent(from);
    if (content.length > 0) this.fill(to, content);
  }

  /** Sets the whole content of a RAM frame: `bytes`, then zeros. */
  fill(frame: Frame, bytes: Uint8Array): void {
    if (this.slots[frame]! < 0) this.slots[frame] = this.arena.take();
    this.arena.fill(this.slots[frame]!, bytes);
  }

  private materialize(frame: Frame): number {
    const slot = this.slots[frame]!;
    if (slot >= 0) return slot;
    if (frame >= ROM_FRAMES || frame === ZERO_FRAME) {
      throw new InvariantError(`frame ${frame} cannot be written to`);
    }
    const fresh = this.arena.take();
    this.arena.fill(fresh, this.ownedContent(frame));
    this.slots[frame] = fresh;
    return fresh;
  }

  private ownedContent(frame: Frame): Uint8Array {
    const owner = this.owners[frame];
    if (owner === undefined) return NO_BYTES;
    const place = this.places[frame]!;
    if (place >= 0) return owner.store!.subarray(place, place + this.placeLengths[frame]!);
    const at = frame & (CACHE_SLOTS - 1);
    if (this.cachedFrame[at] === frame) return this.cachedContent[at]!;
    const content = owner.folioContent(this.indexes[frame]!);
    this.keepContent(frame, content);
    return content;
  }

  /** Hands a page-cache frame over to another owner, whose page has the same bytes. */
  setOwner(frame: Frame, owner: FrameOwner, index: number): void {
    const place = this.places[frame]!;
    invariant(place < 0 || this.owners[frame]!.store === owner.store, 'owners of different stores');
    this.owners[frame] = owner;
    this.indexes[frame] = index;
  }

  /** Tells what the owner gives for the frame: for a while, or where it is. */
  keepContent(frame: Frame, content: Uint8Array): void {
    const store = this.owners[frame]?.store;
    if (content.buffer === store?.buffer && content.length > 0) {
      this.places[frame] = content.byteOffset - store.byteOffset;
      this.placeLengths[frame] = content.length;
      return;
    }
    const at = frame & (CACHE_SLOTS - 1);
    this.cachedFrame[at] = frame;
    this.cachedContent[at] = content;
  }

  private forget(frame: Frame): void {
    const at = frame & (CACHE_SLOTS - 1);
    if (this.cachedFrame[at] !== frame) return;
    this.cachedFrame[at] = -1;
    this.cachedContent[at] = NO_BYTES;
  }
}

function wholePage(bytes: Uint8Array): Uint8Array {
  if (bytes.length === PAGE_SIZE) return bytes;
  if (bytes.length === 0) {
    if (zeroPage.length !== PAGE_SIZE) zeroPage = new Uint8Array(PAGE_SIZE);
    return zeroPage;
  }
  const page = new Uint8Array(PAGE_SIZE);
  page.set(bytes);
  return page;
}

import { UnmodelledError } from '../errno.js';
import { DEFAULT_PAGE_SIZE, PageGeometry, type Frame, type Pfn, type Pgoff } from '../units.js';
import { FRAME_PAGE_CACHE, ROM_FRAMES, ZERO_FRAME, type FrameKind } from './frame.js';
import { FrameAllocator } from './frame-allocator.js';
import { FrameContent, type FrameOwner } from './frame-content.js';
import { FetchedPages } from './fetched-pages.js';
import { FrameTable } from './frame-table.js';
import { PageArena, type PageBlocks } from './page-arena.js';
import { RomWindows, frameReach, type RomWindow } from './rom-windows.js';

export interface PhysicalMemoryOptions {
  /** Bytes of RAM. */
  readonly ramSize: number;
  /** Physical address of the RAM. */
  readonly ramAddress: number;
  readonly roms: readonly RomWindow[];
  /** Where pages are kept, if a processor is to see them. */
  readonly pages?: PageBlocks | undefined;
  /** Default: pages of 4096 bytes. */
  readonly geometry?: PageGeometry | undefined;
  /** MAX_PAGE_ORDER; default 10. */
  readonly maxPageOrder?: number | undefined;
}

/** How many frames there is room for at first. */
const FIRST_ROOM = 1024;

/**
 * All memory of the machine: frames of RAM, which are allocated, counted (`frames`) and written to,
 * and whatever else answers on the bus (`rom`), which is only addressed.
 */
export class PhysicalMemory {
  /** The page size of the machine. */
  readonly geometry: PageGeometry;
  /** MAX_ORDER_NR_PAGES: the most contiguous pages that the page allocator gives. */
  readonly maxBlockPages: number;
  readonly ramFrames: number;
  /** Frames in use, the zero page not counted. */
  used = 0;
  /** The largest number of frames ever in use at once. */
  mostUsed = 0;
  /** Frames of {@link allocateForKernel}. */
  kernelFrames = 0;
  /** Called when all frames are in use: frees pages that can be read again. */
  reclaim: (() => void) | undefined = undefined;
  readonly frames = new FrameTable(FIRST_ROOM);
  readonly rom: RomWindows;
  private readonly ramPfn: Pfn;
  private readonly allocator: FrameAllocator;
  /** Pages that a processor has fetched from. */
  readonly fetched = new FetchedPages();
  private readonly arena: PageArena;
  private readonly content: FrameContent;
  /** Slots with copies of ROM, for a processor. */
  private readonly romSlots = new Map<Frame, number>();
  /** Frames that `frames` and `content` have room for. */
  private room = FIRST_ROOM;

  /** @throws UnmodelledError for more RAM or ROM than frame numbers reach, 8 GiB with pages of 4 KiB. */
  constructor({
    ramSize,
    ramAddress,
    roms,
    pages,
    geometry = new PageGeometry(DEFAULT_PAGE_SIZE),
    maxPageOrder = 10,
  }: PhysicalMemoryOptions) {
    this.geometry = geometry;
    this.maxBlockPages = 2 ** maxPageOrder;
    this.ramFrames = geometry.pageOf(ramSize);
    this.ramPfn = geometry.pageOf(ramAddress);
    if (this.ramFrames >= ROM_FRAMES) {
      throw new UnmodelledError(`more than ${frameReach(geometry)} of RAM`);
    }
    this.rom = new RomWindows(roms, geometry);
    this.allocator = new FrameAllocator(this.ramFrames);
    this.arena = new PageArena(geometry, pages);
    this.content = new FrameContent(FIRST_ROOM, this.arena, this.fetched);
  }

  /** A fresh frame with one reference; its bytes are zero unless an owner gives them. */
  allocate(kind: FrameKind, owner?: FrameOwner, index = 0): Frame {
    const frame = this.allocator.take() ?? this.takeReclaimed();
    if (frame >= this.room) this.enlarge(frame);
    this.begin(frame, kind, owner, index);
    return frame;
  }

  /** A frame of the kernel's own, such as [vdso]: it is not counted as used. */
  allocateForKernel(): Frame {
    this.kernelFrames += 1;
    this.used -= 1;
    return this.allocate(FRAME_PAGE_CACHE);
  }

  /**
   * Contiguous zeroed frames, each with one reference. If they are freed in descending order, the
   * next call finds them first.
   *
   * @returns the first of them; undefined if no such row is free.
   */
  allocateRun(pages: number, kind: FrameKind): Frame | undefined {
    const first = this.allocator.takeRun(pages) ?? this.takeReclaimedRun(pages);
    if (first === undefined) return undefined;
    if (first + pages > this.room) this.enlarge(first + pages - 1);
    for (let page = 0; page < pages; page += 1) this.begin(first + page, kind, undefined, 0);
    return first;
  }

  /** @throws UnmodelledError if nothing can be reclaimed. */
  private takeReclaimed(): Frame {
    this.reclaim?.();
    const frame = this.allocator.take();
    if (frame !== undefined) return frame;
    throw new UnmodelledError(
      `memory pressure: all ${this.ramFrames} frames of RAM are in use, and neither reclaim nor the OOM killer is there`,
    );
  }

  private takeReclaimedRun(pages: number): Frame | undefined {
    this.reclaim?.();
    return this.allocator.takeRun(pages);
  }

  private begin(frame: Frame, kind: FrameKind, owner: FrameOwner | undefined, index: Pgoff): void {
    this.frames.begin(frame, kind);
    this.content.begin(frame, owner, index);
    this.used += 1;
    if (this.used > this.mostUsed) this.mostUsed = this.used;
  }

  /** Makes room for a frame. */
  private enlarge(frame: Frame): void {
    while (this.room <= frame) this.room *= 2;
    this.frames.enlarge(this.room);
    this.content.enlarge(this.room);
  }

  /** Drops a reference; the last one frees the frame. */
  put(frame: Frame): void {
    if (!this.frames.putTestzero(frame)) return;
    this.frames.end(frame);
    this.content.end(frame);
    this.allocator.giveBack(frame);
    this.used -= 1;
  }

  /** One page table entry less; frees an anonymous frame with its last one. */
  removeMap(frame: Frame): void {
    this.frames.dropMap(frame);
    this.put(frame);
  }

  /** Physical page frame number, as /proc/PID/pagemap would show it. */
  pfnOf(frame: Frame): Pfn {
    return frame < ROM_FRAMES ? this.ramPfn + frame : this.rom.pfnOf(frame);
  }

  /** True if the machine has RAM at that pfn. */
  isRamPfn(pfn: Pfn): boolean {
    return pfn >= this.ramPfn && pfn <= this.ramPfn + this.ramFrames;
  }

  /** The frame with that pfn, RAM or ROM; undefined if there is neither. */
  frameOf(pfn: Pfn): Frame | undefined {
    const frame = pfn - this.ramPfn;
    return frame > ZERO_FRAME && frame < this.allocator.next ? frame : this.rom.frameOf(pfn);
  }

  /** One byte of a frame, ROM or RAM. */
  readByte(frame: Frame, offset: number): number {
    if (frame >= ROM_FRAMES) return this.rom.readByte(frame, offset);
    return this.content.readByte(frame, offset);
  }

  /** Sets one byte of a frame of RAM. */
  writeByte(frame: Frame, offset: number, value: number): void {
    this.content.writeByte(frame, offset, value);
  }

  /** The bytes of a frame: a whole page that must not be written to, valid until the next call. */
  borrow(frame: Frame): Uint8Array {
    return frame >= ROM_FRAMES ? this.rom.borrow(frame) : this.content.borrow(frame);
  }

  /** The bytes of a frame of RAM, to be written to. */
  borrowWritable(frame: Frame): Uint8Array {
    return this.content.borrowWritable(frame);
  }

  /**
   * Where the bytes of a frame are in the memory of {@link PhysicalMemoryOptions.pages}. ROM is
   * copied there once; this does not use the machine's own RAM.
   */
  addressOf(frame: Frame): number {
    return frame >= ROM_FRAMES
      ? this.arena.addressOf(this.romSlots.get(frame) ?? this.copyRom(frame))
      : this.content.addressOf(frame);
  }

  private copyRom(frame: Frame): number {
    const slot = this.arena.take();
    this.arena.fill(slot, this.rom.borrow(frame));
    this.romSlots.set(frame, slot);
    return slot;
  }

  /** Copies the content of one frame (ROM or RAM) into a frame of RAM. */
  copy(to: Frame, from: Frame): void {
    if (from === ZERO_FRAME) return;
    if (from >= ROM_FRAMES) this.content.fill(to, this.rom.borrow(from));
    else this.content.copy(to, from);
  }

  /** Sets the whole content of a frame of RAM: `bytes`, then zeros. */
  fill(frame: Frame, bytes: Uint8Array): void {
    this.content.fill(frame, bytes);
  }

  /** Hands a page-cache frame over to another owner, whose page has the same bytes. */
  setOwner(frame: Frame, owner: FrameOwner, index: Pgoff): void {
    this.content.setOwner(frame, owner, index);
  }

  /**
   * Keeps what the owner gave for the frame: the bytes for a while, or their place in its store.
   */
  keepContent(frame: Frame, content: Uint8Array): void {
    this.content.keepContent(frame, content);
  }
}

import { InvariantError, UnmodelledError, invariant } from '../errno.js';
import { PAGE_SIZE, isPageAligned, type Address, type Frame, type Pfn } from '../units.js';
import { FRAME_LIMIT, ROM_FRAMES } from './frame.js';
import { NO_BYTES, wholePage } from './whole-page.js';

/** Memory-mapped ROM or NOR flash: `size` bytes at a physical address, zero after `bytes`. */
export interface RomWindow {
  readonly address: Address;
  /** Bytes, whole pages. */
  readonly size: number;
  /** What was burnt, from the window's first byte on; must not change. */
  readonly bytes: Uint8Array;
}

/**
 * The bus outside RAM: frames of ROM windows, and frames of addresses where there is nothing, which
 * are made when somebody maps such an address.
 */
export class RomWindows {
  readonly windows: readonly RomWindow[];
  /** First frame of each window. */
  private readonly bases: readonly Frame[];
  /** Frames from here on are absent. */
  private readonly absentFrames: Frame;
  private readonly absentPfns: Pfn[] = [];
  private readonly absentByPfn = new Map<Pfn, Frame>();

  /** @throws UnmodelledError for more than 8 GiB of ROM. */
  constructor(windows: readonly RomWindow[]) {
    this.windows = windows;
    const bases: Frame[] = [];
    let at = ROM_FRAMES;
    for (const { address, size } of windows) {
      invariant(isPageAligned(address) && isPageAligned(size), 'ROM windows are whole pages');
      bases.push(at);
      at += size / PAGE_SIZE;
    }
    if (at > FRAME_LIMIT) throw new UnmodelledError('more than 8 GiB of ROM');
    this.bases = bases;
    this.absentFrames = at;
  }

  /** True for frames without struct page, which are not counted: of a ROM window, or absent. */
  isRom(frame: Frame): boolean {
    return frame >= ROM_FRAMES;
  }

  /** True for frames that {@link absentFrame} gave. */
  isAbsent(frame: Frame): boolean {
    return frame >= this.absentFrames;
  }

  /** The ROM frame with that pfn; undefined if no window has it. */
  frameOf(pfn: Pfn): Frame | undefined {
    for (const [window, { address, size }] of this.windows.entries()) {
      const page = pfn - address / PAGE_SIZE;
      if (page >= 0 && page < size / PAGE_SIZE) return this.bases[window]! + page;
    }
    return undefined;
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

  /** Physical page frame number of a frame of a window, or an absent one. */
  pfnOf(frame: Frame): Pfn {
    if (this.isAbsent(frame)) return this.absentPfns[frame - this.absentFrames]!;
    const window = this.windowOf(frame);
    return this.windows[window]!.address / PAGE_SIZE + (frame - this.bases[window]!);
  }

  /** Byte offset of a ROM frame in its window. */
  offsetOf(frame: Frame): number {
    return (frame - this.bases[this.windowOf(frame)]!) * PAGE_SIZE;
  }

  readByte(frame: Frame, offset: number): number {
    const window = this.windowOf(frame);
    return this.windows[window]!.bytes[(frame - this.bases[window]!) * PAGE_SIZE + offset] ?? 0;
  }

  /** A whole page that must not be written to; zeros where there is nothing. */
  borrow(frame: Frame): Uint8Array {
    if (this.isAbsent(frame)) return wholePage(NO_BYTES);
    const window = this.windowOf(frame);
    const start = (frame - this.bases[window]!) * PAGE_SIZE;
    return wholePage(this.windows[window]!.bytes.subarray(start, start + PAGE_SIZE));
  }

  private windowOf(frame: Frame): number {
    for (let window = this.bases.length - 1; window >= 0; window -= 1) {
      if (frame >= this.bases[window]!) return window;
    }
    throw new InvariantError(`frame ${frame} is not ROM`);
  }
}

import { InvariantError, UnmodelledError, invariant } from '../errno.js';
import type { Address, Frame, PageGeometry, Pfn } from '../units.js';
import { FRAME_LIMIT, ROM_FRAMES } from './frame.js';
import { NO_BYTES, WholePages } from './whole-page.js';

/** Memory-mapped ROM or NOR flash: `size` bytes at a physical address, zero after `bytes`. */
export interface RomWindow {
  readonly address: Address;
  /** Bytes, whole pages. */
  readonly size: number;
  /** What was programmed into it, from the window's first byte on; must not change. */
  readonly bytes: Uint8Array;
}

/** How much memory the frame numbers of RAM, or those of ROM, reach. */
export function frameReach({ size }: PageGeometry): string {
  return `${(ROM_FRAMES * size) / 2 ** 30} GiB`;
}

/**
 * The bus outside RAM: frames of ROM windows, and frames of addresses that nothing answers, which
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
  private readonly pageSize: number;
  private readonly pages: WholePages;

  /** @throws UnmodelledError for more ROM than frame numbers reach, 8 GiB with pages of 4 KiB. */
  constructor(windows: readonly RomWindow[], geometry: PageGeometry) {
    this.pageSize = geometry.size;
    this.pages = new WholePages(geometry);
    this.windows = windows;
    const bases: Frame[] = [];
    let at = ROM_FRAMES;
    for (const { address, size } of windows) {
      const isWhole = geometry.isAligned(address) && geometry.isAligned(size);
      invariant(isWhole, 'ROM windows are whole pages');
      bases.push(at);
      at += size / this.pageSize;
    }
    if (at > FRAME_LIMIT) throw new UnmodelledError(`more than ${frameReach(geometry)} of ROM`);
    this.bases = bases;
    this.absentFrames = at;
  }

  /**
   * True for frames without a struct page, which are not counted: those of a ROM window, and absent
   * ones.
   */
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
      const page = pfn - address / this.pageSize;
      if (page >= 0 && page < size / this.pageSize) return this.bases[window]! + page;
    }
    return undefined;
  }

  /**
   * A frame for a bus address that neither RAM nor a ROM answers. It can be mapped, because Linux
   * does not check, but every access is a bus error.
   */
  absentFrame(pfn: Pfn): Frame {
    const known = this.absentByPfn.get(pfn);
    if (known !== undefined) return known;
    const frame = this.absentFrames + this.absentPfns.length;
    if (frame >= FRAME_LIMIT)
      throw new UnmodelledError('more addresses outside RAM and ROM than frame numbers reach');
    this.absentPfns.push(pfn);
    this.absentByPfn.set(pfn, frame);
    return frame;
  }

  /** Physical page frame number of a frame of a window, or an absent one. */
  pfnOf(frame: Frame): Pfn {
    if (this.isAbsent(frame)) return this.absentPfns[frame - this.absentFrames]!;
    const window = this.windowOf(frame);
    return this.windows[window]!.address / this.pageSize + (frame - this.bases[window]!);
  }

  /** Byte offset of a ROM frame in its window. */
  offsetOf(frame: Frame): number {
    return (frame - this.bases[this.windowOf(frame)]!) * this.pageSize;
  }

  readByte(frame: Frame, offset: number): number {
    const window = this.windowOf(frame);
    return this.windows[window]!.bytes[(frame - this.bases[window]!) * this.pageSize + offset] ?? 0;
  }

  /** A whole page that must not be written to; zeros where there is nothing. */
  borrow(frame: Frame): Uint8Array {
    if (this.isAbsent(frame)) return this.pages.of(NO_BYTES);
    const window = this.windowOf(frame);
    const start = (frame - this.bases[window]!) * this.pageSize;
    return this.pages.of(this.windows[window]!.bytes.subarray(start, start + this.pageSize));
  }

  private windowOf(frame: Frame): number {
    for (let window = this.bases.length - 1; window >= 0; window -= 1) {
      if (frame >= this.bases[window]!) return window;
    }
    throw new InvariantError(`frame ${frame} is not ROM`);
  }
}

import type { Frame } from '../units.js';

/**
 * The free frames of RAM: those given back, the last one first, then those never used. Frame 0 is
 * not one of them.
 */
export class FrameAllocator {
  /** Frames below are, or were, in use. */
  next: Frame = 1;
  private readonly ramFrames: number;
  private readonly freeList: Frame[] = [];

  constructor(ramFrames: number) {
    this.ramFrames = ramFrames;
  }

  /** Takes a frame; undefined if all are in use. */
  take(): Frame | undefined {
    const freed = this.freeList.pop();
    if (freed !== undefined) return freed;
    if (this.next > this.ramFrames) return undefined;
    this.next += 1;
    return this.next - 1;
  }

  /**
   * Takes contiguous frames. A row given back in descending order is the first that the next call
   * finds. Compare mm/page_alloc.c:alloc_pages_exact().
   *
   * @returns the first of them; undefined if no such row is free.
   */
  takeRun(pages: number): Frame | undefined {
    const freed = this.freedRun(pages, this.freeList.length - pages);
    if (freed !== undefined) return freed;
    if (this.next + pages - 1 > this.ramFrames) return this.searchFreedRun(pages);
    this.next += pages;
    return this.next - pages;
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

  giveBack(frame: Frame): void {
    this.freeList.push(frame);
  }
}

import type { Frame } from '../units.js';

/**
 * Names for the pages that a processor has fetched from. A page keeps its name until its content
 * changes or it is freed; no two pages or contents share a name.
 */
export class FetchedPages {
  /** Changes whenever a page has lost its name. */
  generation = 0;
  private readonly names = new Map<Frame, number>();
  private named = 0;

  /** The name of a page as it is now. */
  nameOf(frame: Frame): number {
    const known = this.names.get(frame);
    if (known !== undefined) return known;
    this.named += 1;
    this.names.set(frame, this.named);
    return this.named;
  }

  /**
   * To be called when something other than the processor has changed the content, or the frame is
   * freed.
   */
  changed(frame: Frame): void {
    if (this.names.size > 0 && this.names.delete(frame)) this.generation += 1;
  }
}

import type { Frame } from '../units.js';

/**
 * Pages that a processor has fetched from: each has a name until its content changes or it is freed,
 * and no two pages or contents have the same.
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

  /** Somebody else than the processor has changed the content, or the frame is free. */
  changed(frame: Frame): void {
    if (this.names.size > 0 && this.names.delete(frame)) this.generation += 1;
  }
}

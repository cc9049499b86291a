import type { Choice } from '../solver/item.js';

/** How many leading pages of each part of a section are in place. */
export interface SectionChoice extends Choice {
  /** Pages in place of each part, in the order of the parts. */
  readonly inPlace: readonly number[];
}

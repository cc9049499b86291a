import type { Choice } from '../solver/item.js';

/** How many leading pages of each part of a section are in place. */
export interface SectionChoice extends Choice {
  /** Of the parts, in their order. */
  readonly inPlace: readonly number[];
}

import { listEntries, type Entries } from '../model/entries.js';
import type { ViewedImage } from './workspace.js';

/** The entries of an image, listed once. */
export function entriesOf(viewed: ViewedImage): Entries {
  return viewed.remember('entries', listEntries);
}

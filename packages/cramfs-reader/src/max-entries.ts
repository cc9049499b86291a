import { CramfsError } from 'cramfs-format';

/**
 * The most entries of an image that are held in memory at a time, unless the caller allows more: they take
 * some 400 MiB. 272 MiB of directories would be 17 million.
 */
export const DEFAULT_MAX_ENTRIES = 500_000;

/** @throws CramfsError TOO_BIG if there are more entries than allowed. */
export function checkEntryCount(count: number, maxEntries: number): void {
  if (count <= maxEntries) return;
  throw new CramfsError(
    'TOO_BIG',
    `the image has more than ${maxEntries} entries: raise the limit (--max-entries) if that is intended`,
  );
}

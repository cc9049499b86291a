import { PAGE_SIZE, pageAlign } from './units.js';

/** The end of size_t, in which lengths are rounded up. */
const LENGTH_LIMIT = 2 ** 64;

/** PAGE_ALIGN() of a length that a system call got: one near the end of size_t becomes 0. */
export function alignedLength(bytes: number): number {
  const length = pageAlign(bytes);
  return length < LENGTH_LIMIT ? length : 0;
}

/** {@link alignedLength} in pages. */
export function alignedPages(bytes: number): number {
  return alignedLength(bytes) / PAGE_SIZE;
}

import type { MemoryPage, MemoryReport } from '../memory-report.js';
import { PAGE_SIZE, pagesOf, type Address } from '../units.js';

/** The pages of `length` bytes from `address` on; nothing is faulted in. */
export function pagesIn(memory: MemoryReport, address: Address, length: number): MemoryPage[] {
  const pages = { length: pagesOf(length) };
  return Array.from(pages, (_, page) => memory.pageAt(address + page * PAGE_SIZE));
}

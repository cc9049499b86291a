import type { MemoryPage, MemoryReport } from '../memory-report.js';
import type { Address } from '../units.js';

/** The pages of `length` bytes from `address` on; nothing is faulted in. */
export function pagesIn(memory: MemoryReport, address: Address, length: number): MemoryPage[] {
  const { geometry } = memory.build;
  const pages = { length: geometry.pagesOf(length) };
  return Array.from(pages, (_, page) => memory.pageAt(address + page * geometry.size));
}

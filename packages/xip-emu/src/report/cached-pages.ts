import type { Machine } from '../machine.js';
import type { Pgoff } from '../units.js';

/** Pages of a file that are in the page cache. */
export interface CachedFile {
  /** Type of the file system, and the number there. */
  readonly fs: string;
  readonly ino: number;
  /** Ascending. */
  readonly pages: readonly Pgoff[];
}

/** The pages in the page cache, by file, as mincore(2) or fincore(1) would find them. */
export function cachedPages({ mounts }: Machine): CachedFile[] {
  const found: CachedFile[] = [];
  for (const sb of new Set(Array.from(mounts, (mount) => mount.sb))) {
    for (const { ino, mapping } of sb.cachedInodes()) {
      if (mapping === undefined || mapping.pages === 0) continue;
      const pages = Array.from({ length: mapping.filePages }, (_, page) => page);
      const cached = pages.filter((page) => mapping.find(page) >= 0);
      found.push({ fs: sb.type, ino, pages: cached });
    }
  }
  return found;
}

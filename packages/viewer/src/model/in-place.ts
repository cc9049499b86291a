import type { Block, CramfsImage, Inode, SegmentExplanation } from 'cramfs-reader';
import { explainLoaded, type LoadedExplanation } from 'cramfs-reader';
import { explainOptions, type Kernel } from './kernel.js';

/** How the kernel treats the pages of a regular file. */
export interface PagesOfFile {
  /** Pages of the file. */
  readonly pages: number;
  /** For each page 1 if a mapping of the file, or of a part of the program, takes it from ROM. */
  readonly direct: Uint8Array;
  readonly directPages: number;
  readonly explanation: LoadedExplanation;
}

/** Looks at a file as `cramfs map` does: as a whole, and as its loader maps it. */
export function pagesOfFile(image: CramfsImage, inode: Inode, kernel: Kernel): PagesOfFile {
  const explanation = explainLoaded(image, inode, explainOptions(image, kernel));
  const pages = Math.ceil(inode.size / image.blockSize);
  const direct = new Uint8Array(pages);
  const ranges: readonly Pick<SegmentExplanation, 'pgoff' | 'directPages'>[] = [
    // Without an MMU the whole program gets what its parts do.
    ...(explanation.format === undefined || kernel.mmu ? [explanation] : []),
    ...(explanation.segments ?? []),
  ];
  for (const { pgoff, directPages } of ranges) direct.fill(1, pgoff, pgoff + directPages);
  return { pages, direct, directPages: direct.reduce((sum, page) => sum + page, 0), explanation };
}

/** True if a page of the file could be in place: without such a block the kernel need not be asked. */
export function mayBeInPlace(inode: Inode, blocks: readonly Block[]): boolean {
  return (
    inode.type === 'file' && blocks.some(({ kind, direct }) => direct && kind === 'uncompressed')
  );
}

import type { CramfsImage } from './image.js';
import type { DirectMapResult, OutsideImage, RunEnd } from './map-request.js';
import { directMap, usesPhysmemOperations } from './mappability.js';
import type { Inode } from './types.js';

/** The kernel and the board for which mappability is explained. */
export interface ExplainOptions {
  /** The kernel's page size in bytes. */
  readonly pageSize: number;
  /** Bus address of image byte 0. */
  readonly physAddr: number;
  readonly mmu: boolean;
}

/** {@link ExplainOptions}, and what the kernel's loaders make of the program. */
export interface LoadOptions extends ExplainOptions {
  /**
   * Why they map nothing of it, whatever the image's layout: asked if the file is a program. Undefined: they
   * follow its format.
   */
  readonly whyNotMapped?: (() => string | undefined) | undefined;
}

/** What a read-only mapping of a range of a file's pages would consist of. */
export interface RangeExplanation {
  /** First page, and number of pages. */
  readonly pgoff: number;
  readonly pages: number;
  /** Leading pages that come from ROM. */
  readonly directPages: number;
  /** Bus addresses of these, the end exclusive; undefined if there are none. */
  readonly romStart: number | undefined;
  readonly romEnd: number | undefined;
  /** Pages of the file that need RAM once they are touched (without MMU: at once). */
  readonly ramPages: number;
  /**
   * Pages of the file that are neither: their pointers or blocks are not in the image. Kernel fact K24 tells
   * what Linux does with them.
   */
  readonly outsidePages: number;
  /**
   * Why not all pages are direct, in the kernel's own words where it has some. Undefined if all are.
   */
  readonly reason: string | undefined;
  /** What a kernel without an MMU does wrong once this is mapped from ROM (kernel facts K22, K23). */
  readonly hazard: string | undefined;
}

/** A mapping of a regular file. */
export interface PageRange {
  /** First page, and number of pages; may reach beyond the end of the file. */
  readonly pgoff: number;
  readonly pages: number;
  /** True for a private mapping with PROT_WRITE. */
  readonly writable: boolean;
}

/** Explains one mapping as {@link explainFile} does. @throws CramfsError BAD_REQUEST. */
export function explainRange(
  image: CramfsImage,
  inode: Inode,
  range: PageRange,
  options: ExplainOptions,
): RangeExplanation {
  const { pgoff, pages, writable } = range;
  const { pageSize, physAddr, mmu } = options;
  if (pages === 0) return pagesInRam(inode, range, options, undefined);
  const obstacle = mountObstacle(image, options);
  if (obstacle !== undefined) return pagesInRam(inode, range, options, obstacle);
  const result = directMap(image, inode, { pageSize, physAddr, mmu, pgoff, pages, writable });
  return explainResult(result, inode, range, options);
}

/** Pages of a file that are all in RAM. */
export function pagesInRam(
  { size }: Inode,
  { pgoff, pages }: Pick<PageRange, 'pgoff' | 'pages'>,
  { pageSize }: Pick<ExplainOptions, 'pageSize'>,
  reason: string | undefined,
): RangeExplanation {
  return {
    pgoff,
    pages,
    directPages: 0,
    romStart: undefined,
    romEnd: undefined,
    ramPages: Math.max(0, Math.min(pages, Math.ceil(size / pageSize) - pgoff)),
    outsidePages: 0,
    reason,
    hazard: undefined,
  };
}

/** Says what {@link directMap} has answered for a range. */
export function explainResult(
  result: DirectMapResult,
  inode: Inode,
  range: PageRange,
  options: ExplainOptions,
): RangeExplanation {
  const { pgoff, pages } = range;
  const { pageSize, physAddr } = options;
  const inRam = (reason: string | undefined): RangeExplanation =>
    pagesInRam(inode, range, options, reason);
  const ofFile = inRam(undefined).ramPages;
  if (result.outside !== undefined) {
    const { outside } = result;
    const inside = result.pages === 0 ? 0 : outside.block - pgoff;
    const directPages = outside.what === 'pointers' ? 0 : inside;
    const outsidePages = ofFile - directPages;
    const start = physAddr + result.imageOffset;
    return {
      ...inRam(outsideReason(outside)),
      directPages,
      ...(directPages === 0 ? {} : { romStart: start, romEnd: start + directPages * pageSize }),
      ramPages: 0,
      outsidePages,
    };
  }
  if (result.pages === 0) {
    const cut = result.run > 0 && result.bailout === 'unsuitable block layout';
    return inRam((cut ? endReason(result, pgoff) : undefined) ?? result.bailout);
  }
  const romStart = physAddr + result.imageOffset;
  return {
    ...inRam(undefined),
    directPages: result.pages,
    romStart,
    romEnd: romStart + result.pages * pageSize,
    ramPages: Math.max(0, ofFile - result.pages),
    reason:
      result.pages === pages
        ? undefined
        : result.lastPageShared
          ? 'last page is shared'
          : (endReason(result, pgoff) ?? 'the mapping is longer than the file'),
  };
}

/** Names what is not in the image, and what Linux does with it. */
function outsideReason({ what, block, oops }: OutsideImage): string {
  const name = what === 'pointers' ? `the pointer of block ${block}` : `block ${block}`;
  return `${name} is not in the image${oops ? ': Linux dies in mmap(2)' : ''} (K24)`;
}

/** What prevents every file of the image from being mapped. */
export function mountObstacle(
  image: CramfsImage,
  { pageSize, physAddr }: ExplainOptions,
): string | undefined {
  if (pageSize !== image.blockSize) {
    return (
      `the image has blocks of ${image.blockSize} bytes: ` +
      `a kernel with pages of ${pageSize} bytes misreads it`
    );
  }
  const { kernel } = image.dialect;
  if (kernel !== undefined && physAddr % pageSize !== 0) {
    return `${kernel.title} mounts an image only at a whole page`;
  }
  if (usesPhysmemOperations(image, physAddr)) return undefined;
  return physAddr === 0
    ? 'the kernel maps nothing directly from bus address 0'
    : 'the superblock does not announce extended block pointers (flag 0x800)';
}

const END_REASONS: Readonly<Record<RunEnd, string>> = {
  'no direct pointer': 'has no direct pointer',
  'compressed or a hole': 'is compressed or a hole',
  'not contiguous': 'does not follow the block before it',
};

/** Says which block ends the run of direct blocks from `pgoff` on; undefined if none does. */
function endReason({ run, runEnd }: DirectMapResult, pgoff: number): string | undefined {
  return runEnd === undefined ? undefined : `block ${pgoff + run} ${END_REASONS[runEnd]}`;
}

import {
  BLOCK_POINTER_SIZE,
  CramfsError,
  decodeBlockPointer,
  getU32,
  isCramfsError,
} from 'cramfs-format';
import {
  PF_W,
  isLoadable,
  loadSegments,
  parseElf,
  type ElfFile,
  type ElfSegment,
} from 'cramfs-elf';
import type { CramfsImage } from './image.js';
import {
  directMap,
  isTailShared,
  usesPhysmemOperations,
  type OutsideImage,
} from './mappability.js';
import type { Inode } from './types.js';

/** The kernel and the board for which mappability is explained. */
export interface ExplainOptions {
  /** The kernel's page size in bytes. */
  readonly pageSize: number;
  /** Bus address of image byte 0. */
  readonly physAddr: number;
  readonly mmu: boolean;
}

/** What a read-only mapping of a range of a file's pages would be made of. */
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
   * Pages of the file that are neither: their pointers or blocks are not in the image. What Linux
   * does with them is kernel fact K24.
   */
  readonly outsidePages: number;
  /**
   * Why not all pages are direct: the kernel's own words where it has some. Undefined if they are.
   */
  readonly reason: string | undefined;
}

/** One PT_LOAD segment, mapped as an ELF loader does: whole pages around its bytes. */
export interface SegmentExplanation extends RangeExplanation {
  /** PF_R | PF_W | PF_X */
  readonly flags: number;
  readonly offset: number;
  readonly filesz: number;
  readonly vaddr: number;
}

export interface FileExplanation extends RangeExplanation {
  /**
   * The last page: a `full` page of the file; `zero-padded`, so that it maps; `shared` with other
   * data, so that with an MMU it costs a page of RAM; or `none`: it is not part of the direct run.
   */
  readonly tail: 'full' | 'zero-padded' | 'shared' | 'none';
  /** Of an ELF executable or shared object whose headers can be read. */
  readonly segments: readonly SegmentExplanation[] | undefined;
}

/**
 * Explains what a mapping of a whole regular file, and of each of its ELF segments, would get from
 * ROM and what from RAM.
 *
 * @throws CramfsError WRONG_TYPE if it is not a regular file, BAD_REQUEST.
 */
export function explainFile(
  image: CramfsImage,
  inode: Inode,
  options: ExplainOptions,
): FileExplanation {
  if (inode.type !== 'file') {
    throw new CramfsError('WRONG_TYPE', 'not a regular file', { offset: inode.entryOffset });
  }
  const pages = Math.ceil(inode.size / options.pageSize);
  const range = explainRange(image, inode, { pgoff: 0, pages, writable: false }, options);
  return {
    ...range,
    tail: explainTail(image, inode, options),
    segments: programSegments(image, inode, options.pageSize)?.map((segment) => {
      const before = segment.offset % options.pageSize;
      return {
        ...explainRange(
          image,
          inode,
          {
            pgoff: (segment.offset - before) / options.pageSize,
            pages: Math.ceil((before + segment.filesz) / options.pageSize),
            writable: (segment.flags & PF_W) !== 0,
          },
          options,
        ),
        flags: segment.flags,
        offset: segment.offset,
        filesz: segment.filesz,
        vaddr: segment.vaddr,
      };
    }),
  };
}

/** A mapping of a regular file. */
export interface PageRange {
  /** First page, and number of pages; may reach behind the end of the file. */
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
  const { pgoff, pages } = range;
  const { pageSize, physAddr } = options;
  const ofFile = Math.max(0, Math.min(pages, Math.ceil(inode.size / pageSize) - pgoff));
  const inRam = (reason: string | undefined): RangeExplanation => ({
    pgoff,
    pages,
    directPages: 0,
    romStart: undefined,
    romEnd: undefined,
    ramPages: ofFile,
    outsidePages: 0,
    reason,
  });

  if (pages === 0) return inRam(undefined);
  const obstacle = mountObstacle(image, options);
  if (obstacle !== undefined) return inRam(obstacle);
  const result = directMap(image, inode, { ...options, ...range });
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
    return inRam(cut ? runEnd(image, inode, pgoff + result.run) : result.bailout);
  }
  const romStart = physAddr + result.imageOffset;
  return {
    ...inRam(undefined),
    directPages: result.pages,
    romStart,
    romEnd: romStart + result.pages * pageSize,
    ramPages: ofFile - result.pages,
    reason:
      result.pages === pages
        ? undefined
        : result.lastPageShared
          ? 'last page is shared'
          : pgoff + result.run < Math.ceil(inode.size / pageSize)
            ? runEnd(image, inode, pgoff + result.run)
            : 'the mapping is longer than the file',
  };
}

/** Names what is not in the image, and what Linux does with it. */
function outsideReason({ what, block, oops }: OutsideImage): string {
  const name = what === 'pointers' ? `the pointer of block ${block}` : `block ${block}`;
  return `${name} is not in the image${oops ? ': Linux dies in mmap(2)' : ''} (K24)`;
}

/** What keeps every file of the image from being mapped. */
function mountObstacle(
  image: CramfsImage,
  { pageSize, physAddr }: ExplainOptions,
): string | undefined {
  if (pageSize !== image.blockSize) {
    return (
      `the image has blocks of ${image.blockSize} bytes: ` +
      `a kernel with pages of ${pageSize} bytes misreads it`
    );
  }
  if (usesPhysmemOperations(image, physAddr)) return undefined;
  return physAddr === 0
    ? 'the kernel maps nothing directly from bus address 0'
    : 'the superblock does not announce extended block pointers (flag 0x800)';
}

/** Why block `index` does not continue a run of direct blocks. */
function runEnd(image: CramfsImage, inode: Inode, index: number): string {
  const at = inode.ino + index * BLOCK_POINTER_SIZE;
  if (at + BLOCK_POINTER_SIZE > image.bytes.length) return `block ${index} has no pointer`;
  const pointer = decodeBlockPointer(getU32(image.view, at, image.endianness));
  if (!pointer.uncompressed) return `block ${index} is compressed or a hole`;
  return pointer.kind === 'direct'
    ? `block ${index} does not follow the block before it`
    : `block ${index} has no direct pointer`;
}

function explainTail(
  image: CramfsImage,
  inode: Inode,
  options: ExplainOptions,
): FileExplanation['tail'] {
  const { pageSize } = options;
  const pages = Math.ceil(inode.size / pageSize);
  if (pages === 0 || mountObstacle(image, options) !== undefined) return 'none';
  // Without MMU the rule looks at nothing but the layout.
  const whole = { ...options, mmu: false, pgoff: 0, pages };
  const { errno, imageOffset, outside } = directMap(image, inode, whole);
  if (errno !== undefined || outside !== undefined) return 'none';
  if (inode.size % pageSize === 0) return 'full';
  const lastPage = imageOffset + (pages - 1) * pageSize;
  return isTailShared(image, inode, lastPage, pageSize) ? 'shared' : 'zero-padded';
}

/** PT_LOAD segments, or undefined for whatever is no readable ELF program. */
function programSegments(
  image: CramfsImage,
  inode: Inode,
  pageSize: number,
): ElfSegment[] | undefined {
  const elf = readElf(image, inode);
  if (elf === undefined || !isLoadable(elf)) return undefined;
  const segments = loadSegments(elf);
  // In a program they follow each other and share at most the pages where they meet. Where they do
  // not, every one of them might be the whole file, and an image could keep us busy for hours.
  const bytes = segments.reduce(
    (sum, { offset, filesz }) => sum + Math.max(0, Math.min(filesz, inode.size - offset)),
    0,
  );
  const meetings = 2 * segments.length * pageSize;
  return bytes > 2 * inode.size + meetings ? undefined : segments;
}

function readElf(image: CramfsImage, inode: Inode): ElfFile | undefined {
  try {
    if (inode.size === 0) return undefined;
    const head = image.readBlock(inode, 0);
    return parseElf(head, (start, end) => readRange(image, inode, start, end));
  } catch (error) {
    // The pages can be explained without the content; damage is for `check` to report.
    if (isCramfsError(error)) return undefined;
    throw error;
  }
}

/** Bytes of a file from `start` to before `end`, or undefined if it is shorter. */
function readRange(
  image: CramfsImage,
  inode: Inode,
  start: number,
  end: number,
): Uint8Array | undefined {
  if (end > inode.size) return undefined;
  const { blockSize } = image;
  const bytes = new Uint8Array(end - start);
  for (let at = start; at < end;) {
    const index = Math.floor(at / blockSize);
    const part = image.readBlock(inode, index).subarray(at % blockSize, end - index * blockSize);
    bytes.set(part, at - start);
    at += part.length;
  }
  return bytes;
}

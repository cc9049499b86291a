import { CramfsError } from 'cramfs-format';
import {
  explainExec,
  explainProgram,
  explainSegments,
  type ProgramFormat,
  type SegmentExplanation,
} from './explain-program.js';
import {
  explainResult,
  mountObstacle,
  pagesInRam,
  type ExplainOptions,
  type LoadOptions,
  type RangeExplanation,
} from './explain-range.js';
import type { CramfsImage } from './image.js';
import type { DirectMapResult } from './map-request.js';
import { directMap, isTailShared } from './mappability.js';
import type { Inode } from './types.js';

export interface FileExplanation extends RangeExplanation {
  /**
   * The last page: a `full` page of the file; `zero-padded`, so that it maps; `shared` with other
   * data, so that with an MMU it costs a page of RAM; or `none`: it is not part of the direct run.
   */
  readonly tail: 'full' | 'zero-padded' | 'shared' | 'none';
  /** Segments of a program whose headers can be read. */
  readonly segments: readonly SegmentExplanation[] | undefined;
}

/** The explanation of a file that is a program, as a kernel loads it. */
export interface LoadedExplanation extends FileExplanation {
  readonly format: ProgramFormat | undefined;
}

/**
 * Explains what a mapping of a whole regular file, and of each PT_LOAD segment of an ELF program,
 * would get from ROM and what from RAM. {@link explainLoaded} tells whether the kernel makes these mappings
 * when the program is run.
 *
 * @throws CramfsError WRONG_TYPE if it is not a regular file, BAD_REQUEST.
 */
export function explainFile(
  image: CramfsImage,
  inode: Inode,
  options: ExplainOptions,
): FileExplanation {
  return {
    ...explainWhole(image, inode, options),
    segments: explainSegments(image, inode, options),
  };
}

/** What {@link explainFile} says about the file, whatever its content. */
function explainWhole(
  image: CramfsImage,
  inode: Inode,
  options: ExplainOptions,
): Omit<FileExplanation, 'segments'> {
  if (inode.type !== 'file') {
    throw new CramfsError('WRONG_TYPE', 'not a regular file', { offset: inode.entryOffset });
  }
  const { pageSize, physAddr, mmu } = options;
  const whole = { pgoff: 0, pages: Math.ceil(inode.size / pageSize), writable: false };
  const obstacle = mountObstacle(image, options);
  if (whole.pages === 0 || obstacle !== undefined) {
    const reason = whole.pages === 0 ? undefined : obstacle;
    return { ...pagesInRam(inode, whole, options, reason), tail: 'none' };
  }
  const map = (withMmu: boolean): DirectMapResult =>
    directMap(image, inode, { pageSize, physAddr, mmu: withMmu, ...whole });
  const result = map(mmu);
  // Without an MMU the mainline rule looks only at the layout.
  const tailMmu = image.dialect.kernel !== undefined;
  const ofTail = tailMmu === mmu ? result : map(tailMmu);
  return {
    ...explainResult(result, inode, whole, options),
    tail: explainTail(image, inode, ofTail, options),
  };
}

/**
 * Like {@link explainFile}, but for a program explains the parts that its loader maps or reads. Without an
 * MMU the program as a whole gets what execve(2) maps of it.
 *
 * @throws CramfsError WRONG_TYPE if it is not a regular file, BAD_REQUEST.
 */
export function explainLoaded(
  image: CramfsImage,
  inode: Inode,
  options: LoadOptions,
): LoadedExplanation {
  const file = explainWhole(image, inode, options);
  const program = explainProgram(image, inode, options);
  if (program === undefined) return { ...file, segments: undefined, format: undefined };
  return {
    ...file,
    ...(options.mmu ? undefined : explainExec(program.segments, file.pages)),
    ...program,
  };
}

function explainTail(
  image: CramfsImage,
  inode: Inode,
  { pages: direct, imageOffset, outside }: DirectMapResult,
  { pageSize }: ExplainOptions,
): FileExplanation['tail'] {
  if (direct === 0 || outside !== undefined) return 'none';
  if (inode.size % pageSize === 0) return 'full';
  const lastPage = imageOffset + (Math.ceil(inode.size / pageSize) - 1) * pageSize;
  return isTailShared(image, inode, lastPage, pageSize) ? 'shared' : 'zero-padded';
}

import { PF_W, type NommuHazard, type NommuPart, type NommuProgram } from 'cramfs-elf';
import {
  explainRange,
  pagesInRam,
  type ExplainOptions,
  type LoadOptions,
  type RangeExplanation,
} from './explain-range.js';
import type { CramfsImage } from './image.js';
import { readNommuProgram } from './program.js';
import type { Inode } from './types.js';

export type ProgramFormat = NommuProgram['format'];

/**
 * One part of a program: a PT_LOAD segment, mapped as an ELF loader does, whole pages around its
 * bytes; or the text or the data of a bFLT program.
 */
export interface SegmentExplanation extends RangeExplanation {
  /** Name of the part, for a bFLT program. */
  readonly name: 'text' | 'data' | undefined;
  /** The loader reads it into RAM instead of mapping it. */
  readonly copied: true | undefined;
  /** PF_R | PF_W | PF_X */
  readonly flags: number;
  readonly offset: number;
  readonly filesz: number;
  readonly vaddr: number;
}

interface ProgramExplanation {
  readonly format: ProgramFormat;
  readonly segments: readonly SegmentExplanation[];
}

/** What a loader maps of the parts of a program; undefined if it is not a readable program. */
export function explainProgram(
  image: CramfsImage,
  inode: Inode,
  options: LoadOptions,
): ProgramExplanation | undefined {
  const program = readNommuProgram(image, inode, options.pageSize);
  if (program === undefined || !isPlausible(program.parts, inode, options)) return undefined;
  const { mmu, whyNotMapped } = options;
  const { format, parts } = program;
  const copied = whyNotMapped?.() ?? (mmu ? undefined : program.copied);
  const segments = parts.map((part) => {
    const { name, flags, offset, filesz, vaddr } = part;
    const isCopied = copied !== undefined || (mmu ? format === 'flat' : name === 'data');
    const range =
      mmu && copied === undefined
        ? explainWithMmu(image, inode, part, options)
        : explainWithout(image, inode, part, copied, options);
    return { ...range, name, copied: isCopied || undefined, flags, offset, filesz, vaddr };
  });
  return { format, segments };
}

/**
 * In a program the parts follow each other and share at most the pages where they meet. Otherwise each part
 * might be the whole file, and an image could keep us busy for hours.
 */
function isPlausible(
  parts: readonly NommuPart[],
  { size }: Inode,
  { pageSize }: ExplainOptions,
): boolean {
  const bytes = parts.reduce(
    (sum, { offset, filesz }) => sum + Math.max(0, Math.min(filesz, size - offset)),
    0,
  );
  return bytes <= 2 * size + 2 * parts.length * pageSize;
}

/** Mappings of the PT_LOAD segments of an ELF program; undefined if it is not one. */
export function explainSegments(
  image: CramfsImage,
  inode: Inode,
  options: ExplainOptions,
): SegmentExplanation[] | undefined {
  const program = readNommuProgram(image, inode, options.pageSize);
  if (program === undefined || program.format === 'flat') return undefined;
  if (!isPlausible(program.parts, inode, options)) return undefined;
  return program.parts.map((part) => {
    const { flags, offset, filesz, vaddr } = part;
    const range = explainSegment(image, inode, part, options);
    return { ...range, name: undefined, copied: undefined, flags, offset, filesz, vaddr };
  });
}

function explainSegment(
  image: CramfsImage,
  inode: Inode,
  part: NommuPart,
  options: ExplainOptions,
): RangeExplanation {
  const writable = (part.flags & PF_W) !== 0;
  return explainRange(image, inode, { ...pagesOf(part, options.pageSize), writable }, options);
}

function explainWithMmu(
  image: CramfsImage,
  inode: Inode,
  part: NommuPart,
  options: ExplainOptions,
): RangeExplanation {
  if (part.name === undefined) return explainSegment(image, inode, part, options);
  const pages = pagesOf(part, options.pageSize);
  return pagesInRam(inode, pages, options, 'bFLT: a kernel with an MMU reads it into RAM');
}

/** Compare fs/binfmt_elf_fdpic.c:elf_fdpic_map_file(), fs/binfmt_flat.c:load_flat_file(). */
function explainWithout(
  image: CramfsImage,
  inode: Inode,
  part: NommuPart,
  copied: string | undefined,
  options: ExplainOptions,
): RangeExplanation {
  const pages = pagesOf(part, options.pageSize);
  if (copied !== undefined) return pagesInRam(inode, pages, options, copied);
  if (part.name === 'data') return pagesInRam(inode, pages, options, 'read into RAM');
  if (part.span === undefined) {
    if ((part.flags & PF_W) !== 0) return explainSegment(image, inode, part, options);
    return pagesInRam(inode, pages, options, 'offset and address differ in the page: refused');
  }
  const range = explainRange(image, inode, { ...part.span, writable: false }, options);
  const hazard = part.hazard === undefined ? undefined : HAZARDS[part.hazard];
  return range.directPages === 0 ? range : { ...range, hazard };
}

const HAZARDS: Readonly<Record<NommuHazard, string>> = {
  'same-start': 'starts where a shorter part does: Linux stops (K22)',
  cleared: 'longer than in the file: Linux clears the rest in ROM (K23)',
  relocated: 'relocations store to the text in ROM (K23)',
};

function pagesOf(
  { offset, filesz }: NommuPart,
  pageSize: number,
): { readonly pgoff: number; readonly pages: number } {
  const before = offset % pageSize;
  return {
    pgoff: (offset - before) / pageSize,
    pages: Math.ceil((before + filesz) / pageSize),
  };
}

/**
 * A program as a whole: the pages of the file that its loader maps from ROM, and all others as pages
 * in RAM.
 *
 * @param pages of the file.
 */
export function explainExec(
  segments: readonly SegmentExplanation[],
  pages: number,
): RangeExplanation {
  const direct = new Set<number>();
  for (const { pgoff, directPages } of segments) {
    for (let page = pgoff; page < pgoff + directPages; page += 1) direct.add(page);
  }
  const inRom = segments.find(({ directPages }) => directPages > 0);
  const readOnly = segments.filter(({ flags }) => (flags & PF_W) === 0);
  return {
    pgoff: 0,
    pages,
    directPages: direct.size,
    romStart: inRom?.romStart,
    romEnd: inRom?.romEnd,
    ramPages: pages - direct.size,
    // Counted for the parts.
    outsidePages: 0,
    reason: readOnly.find(({ directPages, pages: all }) => directPages < all)?.reason,
    hazard: segments.find(({ hazard }) => hazard !== undefined)?.hazard,
  };
}

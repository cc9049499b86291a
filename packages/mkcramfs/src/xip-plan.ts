import { CramfsError, blockCount } from 'cramfs-format';
import { PF_R, PF_W, isLoadable, loadSegments, parseElf, readOnlySegments } from 'cramfs-elf';
import { nommuParts } from './xip-nommu.js';
import {
  mergeRanges,
  readsZeros,
  type BlockRange,
  type XipCandidates,
  type XipChoice,
  type XipRefusal,
} from './xip-ranges.js';

/** Pages of a file that a loader maps in one call, and how many of them, from the first on, are in place. */
export interface PlannedSpan extends BlockRange {
  readonly inPlace: number;
}

/** What a plan says about one file. */
export interface PlannedFile {
  /** Spans in ascending order. Two may have a page in common where one ends and the next begins. */
  readonly spans: readonly PlannedSpan[];
}

const NO_CANDIDATES: XipCandidates = { spans: [], refusals: [] };

/**
 * The parts of a file that a plan may put in place: with an MMU any leading pages of a read-only
 * segment (cramfs_physmem_mmap() maps the first direct run), without one a mapped part as a whole
 * (cramfs_physmem_get_unmapped_area()).
 *
 * @param whole treat the whole file as one mapping, whatever it is.
 */
export function xipCandidates(
  content: Uint8Array,
  { blockSize, mmu, whole = false }: { blockSize: number; mmu: boolean; whole?: boolean },
): XipCandidates {
  if (content.length === 0) return NO_CANDIDATES;
  const found = mmu ? mmuCandidates(content, blockSize) : nommuParts(content, blockSize);
  const blocks = blockCount(content.length, blockSize);
  const candidates =
    found.spans.length === 0 && whole
      ? { ...found, spans: [{ first: 0, end: blocks, flags: PF_R }] }
      : found;
  return readsZeros(content, blockSize) ? withoutLastPage(candidates, blocks, mmu) : candidates;
}

function mmuCandidates(content: Uint8Array, blockSize: number): XipCandidates {
  const elf = parseElf(content);
  if (elf === undefined || !isLoadable(elf)) return NO_CANDIDATES;
  const blocks = blockCount(content.length, blockSize);
  const pagesOf = (offset: number, filesz: number): BlockRange => ({
    first: Math.floor(offset / blockSize),
    end: Math.min(blocks, blockCount(offset + filesz, blockSize)),
  });
  const spans = readOnlySegments(elf)
    .map(({ offset, filesz, flags }) => ({ ...pagesOf(offset, filesz), flags }))
    .filter(({ first, end }) => first < end)
    .sort((a, b) => a.first - b.first || a.end - b.end);
  const refusals = loadSegments(elf)
    .filter(({ flags }) => (flags & PF_W) !== 0)
    .map(({ offset, filesz, flags }): XipRefusal => {
      const { first, end } = pagesOf(offset, filesz);
      return { flags, pages: Math.max(0, end - first), reason: 'writable', message: WRITABLE };
    });
  return { spans, refusals };
}

const WRITABLE = 'writable segment: Linux never maps it from ROM; const data belongs in .rodata';

/** Leaves out the page that Linux would read as zeros once it is in place (kernel fact K1). */
function withoutLastPage(
  { spans, refusals }: XipCandidates,
  blocks: number,
  mmu: boolean,
): XipCandidates {
  const touching = spans.filter(({ end }) => end === blocks);
  if (touching.length === 0) return { spans, refusals };
  const message = mmu
    ? 'the file ends with a full page, which Linux would read as zeros (K1): append a byte'
    : 'the file ends with a full page, which Linux would read as zeros (K1), and all that is ' +
      'mapped with it goes to RAM: append a byte';
  return {
    spans: spans.flatMap((span) => {
      if (span.end < blocks) return [span];
      return mmu && span.first < blocks - 1 ? [{ ...span, end: blocks - 1 }] : [];
    }),
    refusals: [
      ...refusals,
      ...touching.map(({ first, end, flags }): XipRefusal => {
        return { flags, pages: mmu ? 1 : end - first, reason: 'last-page', message };
      }),
    ],
  };
}

/** Spans, joined where they share a page: a choice for one affects the cost of the other. */
export function sectionsOf(spans: readonly BlockRange[]): BlockRange[] {
  const sections: BlockRange[] = [];
  for (const { first, end } of spans) {
    const last = sections.at(-1);
    if (last !== undefined && first < last.end) {
      sections[sections.length - 1] = { first: last.first, end: Math.max(last.end, end) };
    } else {
      sections.push({ first, end });
    }
  }
  return sections;
}

/**
 * How a file that a plan names is stored.
 *
 * @throws CramfsError BAD_REQUEST if the plan does not fit the file.
 */
export function plannedChoice(
  { spans }: PlannedFile,
  content: Uint8Array,
  { blockSize, mmu }: { blockSize: number; mmu: boolean },
): XipChoice {
  const blocks = blockCount(content.length, blockSize);
  for (const { first, end, inPlace } of spans) {
    if (first < 0 || first >= end || end > blocks || inPlace < 0 || inPlace > end - first) {
      throw new CramfsError(
        'BAD_REQUEST',
        `${inPlace} pages in place of pages ${first} to ${end - 1}, but the file has ${blocks}`,
      );
    }
    if (!mmu && inPlace > 0 && inPlace < end - first) {
      throw new CramfsError(
        'BAD_REQUEST',
        `${inPlace} of ${end - first} pages in place: a kernel without an MMU needs all or none`,
      );
    }
  }
  const ranges = mergeRanges(spans.map(({ first, inPlace }) => ({ first, end: first + inPlace })));
  if (ranges.at(-1)?.end === blocks && readsZeros(content, blockSize)) {
    throw new CramfsError(
      'BAD_REQUEST',
      'the last page cannot be in place: Linux would read it as zeros (kernel fact K1)',
    );
  }
  return {
    ranges,
    sections: sectionsOf(spans),
    alignment: 1,
    padded: false,
    gzippedData: false,
    problems: [],
    ordinary: false,
  };
}

/** True if a block belongs to a section of a plan. */
export function isPlanned(sections: readonly BlockRange[], index: number): boolean {
  return sections.some(({ first, end }) => first <= index && index < end);
}

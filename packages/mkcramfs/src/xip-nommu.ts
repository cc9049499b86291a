import { blockCount } from 'cramfs-format';
import {
  PF_W,
  nommuProgram,
  type NommuHazard,
  type NommuPart,
  type NommuProgram,
} from 'cramfs-elf';
import {
  mergeRanges,
  readsZeros,
  type BlockRange,
  type XipCandidate,
  type XipCandidates,
  type XipChoice,
  type XipRefusal,
} from './xip-ranges.js';
import type { Problem } from './tree.js';

export interface NommuRequest {
  readonly blockSize: number;
  /** The user wants the whole file in place, whatever it is. */
  readonly whole: boolean;
  /** Append a byte to a program where kernel fact K1 would keep it out of place. */
  readonly pad: boolean;
}

/** A part that a kernel without an MMU maps from the file. */
type MappedPart = NommuPart & { readonly span: NonNullable<NommuPart['span']> };

/**
 * The blocks to store in place for a kernel without an MMU. It maps all of a mapping from ROM or
 * none of it, so a part with one page that must not be in place is left out as a whole: it would
 * take flash and save nothing. What must not be in place is what stops the kernel or makes it write
 * to ROM (kernel facts K22, K23), and a full last block, which it reads as zeros (K1).
 */
export function nommuChoice(
  content: Uint8Array,
  { blockSize, whole, pad }: NommuRequest,
): XipChoice {
  const program = programOf(content, blockSize);
  const blocks = blockCount(content.length, blockSize);
  const mapped = program?.parts.filter(isMapped) ?? [];
  const lost = new Set<number>();
  const problems: Pick<Problem, 'kind' | 'message'>[] = [];
  const tell = (message: string): void => void problems.push({ kind: 'no-mmu', message });
  for (const part of mapped) {
    if (part.hazard === undefined) continue;
    lost.add(pageToLose(part, part.hazard, blocks));
    tell(HAZARDS[part.hazard]);
  }

  const covers = ({ span }: MappedPart, page: number): boolean =>
    span.pgoff <= page && page < span.pgoff + span.pages;
  const isSound = (part: MappedPart): boolean =>
    part.hazard === undefined && ![...lost].some((page) => covers(part, page));
  const last = blocks - 1;
  const wanted = whole || mapped.some((part) => isSound(part) && covers(part, last));
  const k1 = wanted && readsZeros(content, blockSize);
  const padded = k1 && pad && program !== undefined;
  if (k1 && !padded) {
    lost.add(last);
    problems.push({ kind: 'last-page', message: lastPageProblem(blockSize, program) });
  }

  const kept = mapped.filter(isSound);
  if (kept.some(({ span }) => span.pgoff + span.pages > blocks)) {
    tell('a part of the program ends past the file: without an MMU it cannot be run');
  }
  const own = kept.filter(({ span }) => span.pgoff + span.pages <= blocks);
  const ranges = whole
    ? without(lost, blocks)
    : mergeRanges(own.map(({ span }) => ({ first: span.pgoff, end: span.pgoff + span.pages })));
  if (!whole && program?.format === 'flat' && program.copied !== undefined) {
    tell(`${program.copied}: not stored in place`);
  }
  return {
    ranges: padded ? withPadding(ranges, blocks) : ranges,
    sections: [],
    alignment: Math.max(1, ...own.map(({ align }) => align)),
    padded,
    gzippedData: false,
    problems,
    ordinary: !whole && program?.format === 'elf',
  };
}

/**
 * The parts that a plan may put in place, each as a whole, and why the others cannot be. A part that shares a
 * page with one that must not be in place must not be in place either.
 */
export function nommuParts(content: Uint8Array, blockSize: number): XipCandidates {
  const program = programOf(content, blockSize);
  if (program === undefined) return { spans: [], refusals: [] };
  const blocks = blockCount(content.length, blockSize);
  const pagesOf = ({ offset, filesz }: NommuPart): number =>
    blockCount((offset % blockSize) + filesz, blockSize);
  const mapped = program.parts.filter(isMapped);
  const lost = new Set(
    mapped.flatMap((part) =>
      part.hazard === undefined ? [] : [pageToLose(part, part.hazard, blocks)],
    ),
  );
  const spans: XipCandidate[] = [];
  const refusals: XipRefusal[] = [];
  for (const part of program.parts) {
    const { flags } = part;
    const refuse = (reason: XipRefusal['reason'], message: string): void =>
      void refusals.push({ flags, pages: pagesOf(part), reason, message });
    if ((flags & PF_W) !== 0) refuse('writable', 'writable: always in RAM');
    else if (!isMapped(part)) {
      const isOrdinary = program.format === 'elf';
      const remedy = isOrdinary ? '; build FDPIC (-mfdpic) or bFLT (-Wl,-elf2flt)' : '';
      const message = `${program.copied ?? 'read into RAM'}${remedy}`;
      refuse(isOrdinary ? 'not-fdpic' : 'copied', message);
    } else {
      const { pgoff: first, pages } = part.span;
      const end = first + pages;
      const hazard = mapped.find(
        ({ hazard: own, span }) =>
          own !== undefined && span.pgoff < end && first < span.pgoff + span.pages,
      )?.hazard;
      const isLost = [...lost].some((page) => first <= page && page < end);
      if (hazard !== undefined && isLost) refuse('hazard', HAZARDS[hazard]);
      else if (end > blocks)
        refuse('past-end', 'it ends past the file: without an MMU it cannot be run');
      else spans.push({ first, end, flags });
    }
  }
  return { spans: spans.sort((a, b) => a.first - b.first || a.end - b.end), refusals };
}

function programOf(content: Uint8Array, blockSize: number): NommuProgram | undefined {
  const read = (start: number, end: number): Uint8Array | undefined =>
    end <= content.length ? content.subarray(start, end) : undefined;
  return nommuProgram({ head: content, size: content.length, read }, blockSize);
}

const HAZARDS: Readonly<Record<NommuHazard, string>> = {
  'same-start':
    'two segments start in one page of the file, which in ROM stops a kernel without an MMU ' +
    '(kernel fact K22): not stored in place; link with -Wl,-z,separate-code',
  cleared:
    'a read-only segment is longer in memory than in the file, and the kernel would clear the ' +
    'rest in ROM (kernel fact K23): not stored in place; give it all its bytes in the file',
  relocated:
    'relocations store to the text, which would be ROM (kernel fact K23): not stored in place; ' +
    'compile with -fPIC -msingle-pic-base',
};

function isMapped(part: NommuPart): part is MappedPart {
  return part.span !== undefined && part.span.pages > 0;
}

/** A page without which none of the part is mapped, and which excludes few other parts. */
function pageToLose({ span }: MappedPart, hazard: NommuHazard, blocks: number): number {
  const end = Math.min(span.pgoff + span.pages, blocks);
  return hazard === 'cleared' ? Math.max(span.pgoff, end - 1) : span.pgoff;
}

function lastPageProblem(blockSize: number, program: NommuProgram | undefined): string {
  const remedy = program === undefined ? '' : ' (--xip-pad appends a byte)';
  return (
    `the size is a multiple of ${blockSize}${remedy}: the last page cannot be in place, and without ` +
    'an MMU all that is mapped with it goes to RAM, because Linux would read it as zeros (kernel ' +
    'fact K1)'
  );
}

/** All blocks but those that are lost. */
function without(lost: ReadonlySet<number>, blocks: number): BlockRange[] {
  const edges = [-1, ...[...lost].sort((a, b) => a - b), blocks];
  return edges
    .slice(1)
    .map((end, index) => ({ first: edges[index]! + 1, end }))
    .filter(({ first, end }) => first < end);
}

/** The appended byte follows a run that ends there, so all of the file can be mapped. */
function withPadding(ranges: readonly BlockRange[], blocks: number): BlockRange[] {
  return ranges.map(({ first, end }) => ({ first, end: end === blocks ? end + 1 : end }));
}

import { S_ISVTX, blockCount } from 'cramfs-format';
import {
  PF_R,
  PF_W,
  PF_X,
  PT_LOAD,
  isFlat,
  isLoadable,
  parseElf,
  readOnlySegments,
} from 'cramfs-elf';
import type { ElfFile, ElfSegment } from 'cramfs-elf';
import type { Compat, ResolvedOptions } from './options.js';
import { nommuChoice } from './xip-nommu.js';
import { plannedChoice, type PlannedFile } from './xip-plan.js';
import { mergeRanges, readsZeros, type BlockRange, type XipChoice } from './xip-ranges.js';

/** What is said about a file that is not in place. */
export const NOTHING_IN_PLACE: XipChoice = {
  ranges: [],
  sections: [],
  alignment: 1,
  padded: false,
  gzippedData: false,
  problems: [],
  ordinary: false,
};

/**
 * Which parts of a file are wanted in place: the parts of a program, or the whole file. `equal`: a plan does
 * not name the file, so it is stored like an equal file before it, or not in place.
 */
export type XipWish = 'nothing' | 'program' | 'whole' | 'equal' | PlannedFile;

/** @param path byte string, `/` first. */
export function xipWish(
  path: string,
  mode: number,
  { xip }: Pick<ResolvedOptions, 'xip'>,
): XipWish {
  if (xip.mode === 'none') return 'nothing';
  if (xip.plan !== undefined) return xip.plan(path) ?? 'equal';
  if (xip.exclude(path)) return 'nothing';
  return xip.include(path) || (xip.sticky && (mode & S_ISVTX) !== 0) ? 'whole' : 'program';
}

/**
 * Decides which blocks of a file to store uncompressed and in place. With an MMU these are the
 * blocks of the read-only PT_LOAD segments of ELF programs: Linux never maps a writable one
 * directly. Without one they are what {@link nommuChoice} says.
 *
 * @param content the whole file.
 */
export function xipChoice(
  wish: XipWish,
  content: Uint8Array,
  { blockSize, compat, xip }: Pick<ResolvedOptions, 'blockSize' | 'compat' | 'xip'>,
): XipChoice {
  if (wish === 'nothing' || wish === 'equal' || content.length === 0) return NOTHING_IN_PLACE;
  if (typeof wish === 'object') {
    return plannedChoice(wish, content, { blockSize, mmu: xip.mode === 'mmu' });
  }
  const whole = wish === 'whole';
  const { pad } = xip;
  if (compat === undefined && xip.mode === 'nommu') {
    return nommuChoice(content, { blockSize, whole, pad });
  }
  const elf = parseElf(content);
  const segments = elf === undefined ? [] : xipSegments(elf, compat);
  const blocks = blockCount(content.length, blockSize);
  const ranges = whole
    ? [{ first: 0, end: blocks }]
    : mergeRanges(
        segments.map(({ offset, filesz }) => ({
          first: Math.floor(offset / blockSize),
          end: blockCount(Math.min(offset + filesz, content.length), blockSize),
        })),
      );
  const choice = { ...NOTHING_IN_PLACE, ranges, alignment: alignmentOf(segments) };
  const wantsLast = ranges.at(-1)?.end === blocks;
  if (compat !== undefined || !wantsLast || !readsZeros(content, blockSize)) return choice;
  const isProgram = elf !== undefined || isFlat(content);
  if (pad && isProgram) return { ...choice, padded: true };
  const remedy = isProgram ? ' (--xip-pad appends a byte)' : '';
  const message =
    `the size is a multiple of ${blockSize}${remedy}: the last page cannot run in place, because ` +
    'Linux would read it as zeros (kernel fact K1)';
  return { ...choice, ranges: withoutLast(ranges), problems: [{ kind: 'last-page', message }] };
}

/** npitre's mkcramfs knows 32-bit little-endian ELF alone, but of any type. */
function xipSegments(elf: ElfFile, compat: Compat | undefined): ElfSegment[] {
  if (compat === undefined) return isLoadable(elf) ? readOnlySegments(elf) : [];
  if (elf.elfClass !== 32 || elf.endianness !== 'little') return [];
  return elf.segments.filter(
    ({ type, flags }) => type === PT_LOAD && (flags & (PF_R | PF_X)) !== 0 && (flags & PF_W) === 0,
  );
}

function alignmentOf(segments: readonly ElfSegment[]): number {
  return Math.max(1, ...segments.map(({ align }) => align));
}

function withoutLast(ranges: readonly BlockRange[]): BlockRange[] {
  const last = ranges.at(-1)!;
  return mergeRanges([...ranges.slice(0, -1), { first: last.first, end: last.end - 1 }]);
}

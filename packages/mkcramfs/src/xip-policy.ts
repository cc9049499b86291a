import { S_ISVTX, blockCount } from 'cramfs-format';
import { PF_R, PF_W, PF_X, PT_LOAD, isLoadable, parseElf, readOnlySegments } from 'cramfs-elf';
import type { ElfFile, ElfSegment } from 'cramfs-elf';
import type { Compat, ResolvedOptions } from './options.js';

/** Blocks `first` up to but not including `end` of a file. */
export interface BlockRange {
  readonly first: number;
  readonly end: number;
}

/**
 * The blocks of a file to store uncompressed and in place, as ascending, disjoint ranges that do
 * not touch. For ELF executables and shared objects these are the blocks of the read-only PT_LOAD
 * segments: Linux never maps a writable one directly.
 *
 * @param path byte string, `/` first.
 * @param content the whole file.
 */
export function xipRanges(
  path: string,
  mode: number,
  content: Uint8Array,
  { blockSize, compat, xip }: Pick<ResolvedOptions, 'blockSize' | 'compat' | 'xip'>,
): BlockRange[] {
  if (xip.mode === 'none' || content.length === 0 || xip.exclude(path)) return [];
  if (xip.include(path) || (xip.sticky && (mode & S_ISVTX) !== 0)) {
    return [{ first: 0, end: blockCount(content.length, blockSize) }];
  }
  const elf = parseElf(content);
  if (elf === undefined) return [];
  const ranges = xipSegments(elf, compat)
    .map(({ offset, filesz }) => ({
      first: Math.floor(offset / blockSize),
      end: blockCount(Math.min(offset + filesz, content.length), blockSize),
    }))
    .filter(({ first, end }) => first < end)
    .sort((a, b) => a.first - b.first);
  const merged: BlockRange[] = [];
  for (const range of ranges) {
    const last = merged.at(-1);
    if (last !== undefined && range.first <= last.end) {
      merged[merged.length - 1] = { first: last.first, end: Math.max(last.end, range.end) };
    } else {
      merged.push(range);
    }
  }
  return merged;
}

/** npitre's mkcramfs knows 32-bit little-endian ELF alone, but of any type. */
function xipSegments(elf: ElfFile, compat: Compat | undefined): ElfSegment[] {
  if (compat === undefined) return isLoadable(elf) ? readOnlySegments(elf) : [];
  if (elf.elfClass !== 32 || elf.endianness !== 'little') return [];
  return elf.segments.filter(
    ({ type, flags }) => type === PT_LOAD && (flags & (PF_R | PF_X)) !== 0 && (flags & PF_W) === 0,
  );
}

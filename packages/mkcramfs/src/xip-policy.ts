import { S_ISVTX, blockCount } from 'cramfs-format';
import { isLoadable, parseElf, readOnlySegments } from 'cramfs-elf';
import type { XipOptions } from './options.js';

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
  blockSize: number,
  options: Required<XipOptions>,
): BlockRange[] {
  if (options.mode === 'none' || content.length === 0 || options.exclude(path)) return [];
  if (options.include(path) || (options.sticky && (mode & S_ISVTX) !== 0)) {
    return [{ first: 0, end: blockCount(content.length, blockSize) }];
  }
  return elfRanges(content, blockSize);
}

function elfRanges(content: Uint8Array, blockSize: number): BlockRange[] {
  const elf = parseElf(content);
  if (elf === undefined || !isLoadable(elf)) return [];
  const ranges = readOnlySegments(elf)
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

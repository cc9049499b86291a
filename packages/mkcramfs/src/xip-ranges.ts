import { isZero } from 'cramfs-format';
import type { Problem } from './tree.js';

/** Blocks `first` up to but not including `end` of a file. */
export interface BlockRange {
  readonly first: number;
  readonly end: number;
}

/** A part of a program that a kernel maps, so that it may run in place. */
export interface XipCandidate extends BlockRange {
  /** PF_R | PF_W | PF_X */
  readonly flags: number;
}

/** A part of a program that cannot run in place, or only without its last page. */
export interface XipRefusal {
  readonly flags: number;
  readonly pages: number;
  readonly reason: 'writable' | 'last-page' | 'not-fdpic' | 'hazard' | 'copied' | 'past-end';
  /** The explanation, and the remedy. */
  readonly message: string;
}

export interface XipCandidates {
  readonly spans: readonly XipCandidate[];
  readonly refusals: readonly XipRefusal[];
}

/** How a file is stored in place. */
export interface XipChoice {
  /** Blocks to store in place: ascending, disjoint ranges that do not touch. */
  readonly ranges: readonly BlockRange[];
  /** The ranges of a plan, ascending and disjoint; no other file shares their blocks. */
  readonly sections: readonly BlockRange[];
  /** The alignment that the program's segments ask for, in bytes. */
  readonly alignment: number;
  /** A zero byte is appended to the file, so that its last page can be in place. */
  readonly padded: boolean;
  /** The program is stored with its data and relocations as a gzip stream. */
  readonly gzippedData: boolean;
  /** What the user should know, without the path. */
  readonly problems: readonly Pick<Problem, 'kind' | 'message'>[];
  /** A program that a kernel without an MMU copies to RAM whatever its layout. */
  readonly ordinary: boolean;
}

/** The same blocks as ascending, disjoint ranges that do not touch. */
export function mergeRanges(ranges: readonly BlockRange[]): BlockRange[] {
  const merged: BlockRange[] = [];
  const sorted = ranges.filter(({ first, end }) => first < end).sort((a, b) => a.first - b.first);
  for (const range of sorted) {
    const last = merged[merged.length - 1];
    if (last !== undefined && range.first <= last.end) {
      merged[merged.length - 1] = { first: last.first, end: Math.max(last.end, range.end) };
    } else {
      merged.push(range);
    }
  }
  return merged;
}

/**
 * True if Linux would read the last block as zeros once it is in place, and it is not (kernel fact
 * K1).
 */
export function readsZeros(content: Uint8Array, blockSize: number): boolean {
  if (content.length === 0 || content.length % blockSize !== 0) return false;
  return !isZero(content.subarray(content.length - blockSize));
}

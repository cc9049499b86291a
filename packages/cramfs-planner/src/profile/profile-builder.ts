import { CramfsError } from 'cramfs-format';
import type { Profile, ProfileFormat, TouchKind, TouchedRange } from './profile.js';
import { sumRanges } from './ranges.js';

/** No file on a board has as many as 2^32 pages; sums of such counts are still exact. */
export const MAX_PAGES = 2 ** 32;

export const DEFAULT_PAGE_SIZE = 4096;
const MAX_PAGE_SIZE = 2 ** 20;

/** True for a possible page size of a kernel, in bytes. */
export function isPageSize(size: number): boolean {
  return size >= 4096 && size <= MAX_PAGE_SIZE && Number.isInteger(Math.log2(size));
}

/** Pages of one file, for {@link ProfileBuilder.touch}. */
interface Touch {
  readonly first: number;
  readonly pages: number;
  readonly count?: number;
}

/** Gathers what a source says about files, in any order. Paths are byte strings. */
export class ProfileBuilder {
  pageSize = DEFAULT_PAGE_SIZE;
  faultAround: number | undefined;
  private readonly source: string;
  private readonly format: ProfileFormat;
  private readonly kind: TouchKind;
  private readonly touched = new Map<string, TouchedRange[]>();
  private readonly least = new Map<string, number>();

  constructor(source: string, format: ProfileFormat, kind: TouchKind) {
    this.source = source;
    this.format = format;
    this.kind = kind;
  }

  touch(path: string, { first, pages, count = 1 }: Touch): void {
    if (pages === 0 || count === 0) return;
    const ranges = this.touched.get(path);
    const range = { first, pages, count };
    if (ranges === undefined) this.touched.set(path, [range]);
    else ranges.push(range);
  }

  /** The source knows that a file has so many touched pages, but not which. */
  atLeast(path: string, pages: number): void {
    if (pages === 0) return;
    this.least.set(path, Math.max(pages, this.least.get(path) ?? 0));
  }

  build(): Profile {
    const { source, format, kind, pageSize, faultAround } = this;
    const files = new Map(
      sortedByPath(this.touched).map(([path, ranges]) => [path, sumRanges(ranges)]),
    );
    const atLeast = new Map(sortedByPath(this.least));
    return { source, format, kind, pageSize, faultAround, files, atLeast };
  }
}

/** Bytewise, as strcmp(3). */
function sortedByPath<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** `./bin/sh`, `bin/sh` or `/bin//sh` as a path of the image: `/bin/sh`. */
export function absolutePath(name: string): string {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  return `/${parts.join('/')}`;
}

/** The error of a line of a profile. */
export function lineError(line: number, message: string): CramfsError {
  return new CramfsError('BAD_SOURCE', `line ${line}: ${message}`);
}

/** Pages of a file that were touched, one after the other. */
export interface TouchedRange {
  /** First page of the file, in pages of the profile's size. */
  readonly first: number;
  readonly pages: number;
  /** How often, or in how many processes; 1 if the source does not count. */
  readonly count: number;
}

/**
 * How pages came to be in a profile. `mapped`: they were touched through a mapping, so they would not take
 * RAM if they were in place. `cached`: they were in the page cache, perhaps by read(2), which fills it
 * whatever is in place.
 */
export type TouchKind = 'mapped' | 'cached';

/** The formats of profiles; docs/plan.md describes them. */
export type ProfileFormat =
  'json' | 'axfs' | 'smaps' | 'pagemap' | 'collector' | 'fincore' | 'vmtouch' | 'run-record';

/** The pages of files that programs touch; all formats are converted to this. */
export interface Profile {
  /** Where it comes from: the name of a file. */
  readonly source: string;
  readonly format: ProfileFormat;
  readonly kind: TouchKind;
  /** Page size in bytes: a power of two, 4096 or more. */
  readonly pageSize: number;
  /**
   * fault_around_bytes of the kernel it was taken on: if that is more than a page, neighbours of touched
   * pages look touched, too. Undefined: unknown, or without influence.
   */
  readonly faultAround: number | undefined;
  /** Ascending, disjoint ranges by path in the image, a byte string with a slash first. */
  readonly files: ReadonlyMap<string, readonly TouchedRange[]>;
  /**
   * For files whose source tells how many pages, but not which: at least so many. These do not add to {@link
   * files}.
   */
  readonly atLeast: ReadonlyMap<string, number>;
}

/** Formats that show what is mapped, and so also neighbours of touched pages. */
const MAPPED_FORMATS: ReadonlySet<ProfileFormat> = new Set(['smaps', 'pagemap', 'collector']);

/** True if pages of a profile may be there because fault-around has mapped them. */
export function mayHaveNeighbours({ format, faultAround, pageSize }: Profile): boolean {
  return faultAround === undefined ? MAPPED_FORMATS.has(format) : faultAround > pageSize;
}

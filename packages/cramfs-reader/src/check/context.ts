import type { FileType } from 'cramfs-format';
import type { CramfsImage } from '../image.js';
import type { CheckedEntry } from './entry.js';
import type { FindingCode, Severity } from './codes.js';
import type { FindingList } from './findings.js';
import type { BlockJobs } from './inflate.js';
import { Extents } from './extents.js';
import { InPlacePages } from '../in-place.js';

export interface BlockCounts {
  compressed: number;
  uncompressed: number;
  holes: number;
  /** Those of the three kinds above that have a direct pointer. */
  direct: number;
}

/** Findings after which directories, files or blocks are missing. */
const HIDING_DAMAGE: readonly FindingCode[] = [
  'root-not-directory',
  'directory-outside',
  'directory-size',
  'directory-loop',
  'directory-depth',
  'directory-shared',
  'entry-past-directory',
  'zero-offset',
  'table-outside',
  'block-length',
  'block-outside',
  'check-incomplete',
];

/** What the parts of a check share while they go through an image. */
export class CheckContext {
  /** First entry of each data offset that files and symlinks refer to. */
  readonly owners = new Map<number, CheckedEntry>();
  readonly extents = new Extents();
  /** Directory entries by type, the root included. */
  readonly entries = new Map<FileType | 'unknown', number>();
  readonly blocks: BlockCounts = { compressed: 0, uncompressed: 0, holes: 0, direct: 0 };
  /** The entries of a truncated image whose data is missing, wholly or in part. */
  readonly lost = new Set<CheckedEntry>();
  /** Pointers of all pointer tables, each table counted once. */
  pointers = 0;
  readonly image: CramfsImage;
  readonly findings: FindingList;
  readonly jobs: BlockJobs;
  /** False if the flags announce something unknown, so that block data means nothing to us. */
  readonly blocksKnown: boolean;

  readonly inPlace = {
    pages: new InPlacePages(),
    /** Files with blocks in place, by the number that they have in `pages`. */
    entries: [] as CheckedEntry[],
    /** True if a program that a kernel without an MMU maps (FDPIC or bFLT) is in place. */
    nommuProgram: false,
  };
  /** The severity of what stops a kernel without an MMU; undefined: unimportant. */
  readonly nommu: Severity | undefined;

  constructor(
    image: CramfsImage,
    findings: FindingList,
    jobs: BlockJobs,
    blocksKnown: boolean,
    nommu: Severity | undefined,
  ) {
    this.image = image;
    this.findings = findings;
    this.jobs = jobs;
    this.blocksKnown = blocksKnown;
    this.nommu = nommu;
  }

  /** False if damage has hidden parts of the image: counts and references are incomplete. */
  get isComplete(): boolean {
    return !HIDING_DAMAGE.some((code) => this.findings.has(code));
  }

  /** Remembers what a truncated image has lost with its missing part. */
  lose(entry: CheckedEntry): void {
    if (this.image.isCutOff) this.lost.add(entry);
  }

  /**
   * Reports once that part of the image was skipped. A sound image cannot get here; without a bound,
   * overlapping structures would cost quadratic time.
   */
  giveUp(what: string): void {
    if (!this.findings.has('check-incomplete')) {
      this.findings.add('check-incomplete', `${what} overlap: together they are too many`);
    }
  }
}

import {
  CRAMFS_SUPER_ROOT_OFFSET,
  CramfsError,
  isBlockSize,
  type BlockSize,
  type Endianness,
  type FileType,
  plural,
} from 'cramfs-format';
import { CramfsImage, withDetectedBlockSize } from '../image.js';
import type { BlockSizeVotes } from '../block-size.js';
import { recogniseImage } from '../dialects/index.js';
import type { Dialect } from '../dialects/dialect.js';
import type { DialectName } from '../dialects/names.js';
import type { BlockCodec, ZlibCodec } from '../zlib.js';
import type { FindingCode, Severity } from './codes.js';
import { CheckContext, type BlockCounts } from './context.js';
import { pathOf } from './entry.js';
import { FindingList, type Finding } from './findings.js';
import { BlockJobs, type BlockFailure, type JobColumns } from './inflate.js';
import { checkLayout, type Gaps } from './layout.js';
import { checkInPlace } from './nommu.js';
import { checkCounts, checkCrc, checkSuperblock } from './superblock.js';
import { surveyTree } from './tree.js';

export interface CheckOptions {
  /** Where the file system starts in the bytes; default 0. */
  offset?: number | undefined;
  /** Default: found by countBlockSizeVotes(), or the page size if nothing tells. */
  blockSize?: BlockSize | undefined;
  /** Page size of the kernel that is to read the image; default: the block size. */
  pageSize?: number | undefined;
  /**
   * True for kernels with an MMU only: what stops others is not reported. False for kernels without an MMU
   * only: it is an error. Default: a warning. Pages that files share in place are a warning only if a program
   * is in place that a kernel without an MMU maps (FDPIC, bFLT).
   */
  mmu?: boolean | undefined;
  /** Default: portable; Node's is faster. */
  zlib?: ZlibCodec | undefined;
  /** For images whose blocks are LZMA: see OpenOptions. */
  lzma?: BlockCodec | undefined;
  /** Default: recognised by the image's content. */
  dialect?: DialectName | undefined;
  /** Findings kept of each code; default 200. The rest is counted. */
  limit?: number | undefined;
}

export interface SurveyOptions extends CheckOptions {
  /**
   * Called during the survey with blocks to inflate, so that threads can start with them. The
   * columns are valid during the call.
   */
  onJobs?: ((image: CramfsImage, jobs: JobColumns) => void) | undefined;
}

/** What is in an image. */
export interface CheckStats {
  /** Bytes of the image that were checked. */
  readonly size: number;
  /** The size in the superblock, possible or not. */
  readonly statedSize: number;
  readonly endianness: Endianness;
  readonly blockSize: BlockSize;
  /** The votes that the block size was detected from; undefined if it was given. */
  readonly blockSizeVotes: BlockSizeVotes | undefined;
  readonly flags: number;
  readonly dialect: DialectName;
  /** What mainline Linux does with an image of the dialect. */
  readonly linux: Dialect['linux'];
  /** Directory entries by type, the root included. */
  readonly entries: Partial<Record<FileType | 'unknown', number>>;
  /** Blocks of all pointer tables; a table that several names share counts once. */
  readonly blocks: Readonly<BlockCounts>;
  readonly gaps: Readonly<Gaps>;
}

export interface CheckResult {
  /** Findings in the order of their image offsets. */
  readonly findings: Finding[];
  /**
   * For a truncated image: paths (byte strings) of files that are not complete, and of directories with
   * missing entries.
   */
  readonly lost: readonly string[];
  /** How many findings of each code were left out; empty if none. */
  readonly suppressed: Partial<Record<FindingCode, number>>;
  /** None if there is no superblock. */
  readonly stats: CheckStats | undefined;
}

const DEFAULT_LIMIT = 200;

/**
 * A check in three steps, so that the costly one, inflating the blocks of `jobs`, can run
 * elsewhere: the constructor goes through the structures, checkBytes() through the rest, and finish() takes
 * the failures of the jobs.
 */
export class Survey {
  readonly image: CramfsImage | undefined;
  private readonly findings: FindingList;
  private readonly context: CheckContext | undefined;
  private gaps: Gaps = { bytes: 0, nonZeroBytes: 0 };

  constructor(bytes: Uint8Array, options: SurveyOptions) {
    const { offset = 0, limit = DEFAULT_LIMIT, pageSize, onJobs } = options;
    if (!Number.isInteger(offset) || offset < 0) {
      throw new CramfsError('BAD_REQUEST', `not a valid offset: ${offset}`);
    }
    this.findings = new FindingList(limit);
    const image = openAnyway(plainBytes(bytes, offset), options);
    this.image = image;
    if (image === undefined) {
      this.findings.add('no-superblock', 'not a cramfs image: no superblock at 0 or 512', {
        offset: 0,
      });
      return;
    }
    const { superblock, blockSize } = image;
    checkSuperblock(image, this.findings, offset > 0);
    if (pageSize !== undefined && pageSize !== blockSize) {
      this.findings.add(
        'page-size',
        `the image has blocks of ${describeBlockSize(image)}: a kernel with pages of ` +
          `${pageSize} bytes cannot read its files`,
      );
    }
    const jobs = new BlockJobs(
      onJobs &&
        ((columns) => {
          onJobs(image, columns);
        }),
    );
    const blocksKnown = image.unreadable === undefined;
    const nommu = nommuSeverity(options);
    this.context = new CheckContext(image, this.findings, jobs, blocksKnown, nommu);
    const { offset: start } = superblock;
    const superblockEnd = start + CRAMFS_SUPER_ROOT_OFFSET + image.dialect.inodes.size;
    this.context.extents.add('the superblock', undefined, start, superblockEnd);
    surveyTree(this.context);
    jobs.announce();
    checkCounts(this.context);
  }

  /** Compressed blocks that have to be inflated. */
  get jobs(): BlockJobs | undefined {
    return this.context?.jobs;
  }

  /** CRC, overlapping data and gaps. */
  checkBytes(): void {
    if (this.context === undefined) return;
    checkInPlace(this.context);
    checkCrc(this.context);
    this.gaps = checkLayout(this.context);
  }

  /** @param failures of all jobs, by number. */
  finish(failures: readonly BlockFailure[]): CheckResult {
    if (this.context === undefined) {
      return { findings: this.findings.sorted(), suppressed: {}, lost: [], stats: undefined };
    }
    const { image, entries, blocks } = this.context;
    for (const failure of failures) reportFailure(this.context, failure);
    return {
      findings: this.findings.sorted(),
      suppressed: this.findings.suppressed(),
      lost: Array.from(this.context.lost, pathOf),
      stats: {
        size: image.size,
        statedSize: image.superblock.size,
        endianness: image.endianness,
        blockSize: image.blockSize,
        blockSizeVotes: image.blockSizeVotes,
        flags: image.superblock.flags,
        dialect: image.dialectName,
        linux: image.dialect.linux,
        entries: Object.fromEntries(entries),
        blocks,
        gaps: this.gaps,
      },
    };
  }
}

function nommuSeverity({ mmu }: CheckOptions): Severity | undefined {
  if (mmu === undefined) return 'warning';
  return mmu ? undefined : 'error';
}

/** The bytes from `offset` on; not a Buffer, whose subarray() is several times slower. */
function plainBytes(bytes: Uint8Array, offset: number): Uint8Array {
  const start = Math.min(offset, bytes.length);
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, bytes.length - start);
}

/** The block size, if known. */
function describeBlockSize({ blockSize, blockSizeVotes }: CramfsImage): string {
  if (blockSizeVotes === undefined) return `${blockSize} bytes`;
  const { candidates, files, votes } = blockSizeVotes;
  return `${candidates.join(' or ')} bytes (confirmed by ${votes} of ${plural(files, 'file')})`;
}

/** The image, if there is a superblock at all. */
function openAnyway(bytes: Uint8Array, options: CheckOptions): CramfsImage | undefined {
  const { blockSize, pageSize, dialect } = options;
  const recognised = recogniseImage(bytes, dialect);
  if (recognised === undefined) return undefined;
  if (blockSize !== undefined) return new CramfsImage(recognised, blockSize, options);
  const preferred = pageSize !== undefined && isBlockSize(pageSize) ? pageSize : undefined;
  return withDetectedBlockSize(recognised, options, preferred);
}

function reportFailure({ image, findings, jobs }: CheckContext, failure: BlockFailure): void {
  const { job, inflated, nul } = failure;
  const owner = jobs.owner(job);
  const index = jobs.blockIndex(job);
  const place = { path: () => pathOf(owner), offset: jobs.starts.at(job) };
  if (nul) {
    findings.add('symlink-nul', "the symlink's target holds a NUL", place);
  } else if (inflated === undefined) {
    findings.add(
      'block-bad-data',
      `block ${index} is damaged: it is not a zlib stream of at most ${image.blockSize} bytes`,
      place,
    );
  } else {
    const size = jobs.wanted.at(job) >>> 1;
    findings.add(
      'block-wrong-length',
      `block ${index} inflates to ${plural(inflated, 'byte')}, the file needs ${size}`,
      place,
    );
  }
}

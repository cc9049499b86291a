import { RUN_STREAMS } from 'cramfs-deflate';
import type { CheckedEntry } from './entry.js';
import { Column } from '../column.js';
import type { BlockCodec } from '../zlib.js';

/** How many jobs are announced at a time. */
const ANNOUNCED_AT_ONCE = 4096;

/** Compressed blocks to inflate: what a worker needs to know about them, and whose they are. */
export class BlockJobs {
  readonly starts = new Column();
  readonly lengths = new Column();
  /** Bytes of the file in the block, doubled, plus 1 if it is a symlink's target. */
  readonly wanted = new Column();
  private readonly indexes = new Column();
  private readonly owners: CheckedEntry[] = [];
  private readonly ownerOf = new Column();
  /** The job that starts at an image offset: shared blocks are inflated once. */
  private readonly byStart = new Map<number, number>();
  /** Stored bytes of all jobs. */
  bytes = 0;
  private announced = 0;
  private readonly onJobs: ((jobs: JobColumns) => void) | undefined;

  /** @param onJobs called with jobs while others are still added: views that are valid during the call. */
  constructor(onJobs?: (jobs: JobColumns) => void) {
    this.onJobs = onJobs;
  }

  get count(): number {
    return this.starts.length;
  }

  /** @param shareable whether other pointers may rightly lead to the same block. */
  add(
    owner: CheckedEntry,
    index: number,
    block: { start: number; length: number; size: number },
    shareable: boolean,
  ): void {
    const { start, length, size } = block;
    const wanted = size * 2 + (owner.inode.type === 'symlink' ? 1 : 0);
    if (shareable) {
      const same = this.byStart.get(start);
      if (
        same !== undefined &&
        this.lengths.at(same) === length &&
        this.wanted.at(same) === wanted
      ) {
        return;
      }
      this.byStart.set(start, this.count);
    }
    if (this.owners.at(-1) !== owner) this.owners.push(owner);
    this.starts.push(start);
    this.lengths.push(length);
    this.wanted.push(wanted);
    this.indexes.push(index);
    this.ownerOf.push(this.owners.length - 1);
    this.bytes += length;
    if (this.count - this.announced === ANNOUNCED_AT_ONCE) this.announce();
  }

  /** Announces the jobs that were not announced yet. */
  announce(): void {
    if (this.announced < this.count) this.onJobs?.(this.columns(this.announced, this.count));
    this.announced = this.count;
  }

  /** Views that are valid until the next job is added. */
  columns(from: number, to: number): JobColumns {
    return {
      starts: this.starts.borrow(from, to),
      lengths: this.lengths.borrow(from, to),
      wanted: this.wanted.borrow(from, to),
    };
  }

  owner(job: number): CheckedEntry {
    return this.owners[this.ownerOf.at(job)]!;
  }

  blockIndex(job: number): number {
    return this.indexes.at(job);
  }
}

/** The part of {@link BlockJobs} that a worker sees. */
export interface JobColumns {
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
  readonly wanted: Uint32Array;
}

/** A block whose content is wrong. */
export interface BlockFailure {
  readonly job: number;
  /** Bytes it gives; none if it does not inflate to at most a block. */
  readonly inflated?: number;
  /** The length is right, but a symlink's target contains a NUL. */
  readonly nul?: true;
}

/**
 * Inflates the blocks of some jobs. zlib compares the Adler-32 of each with the one stored after it.
 *
 * @param bytes the image from its byte 0.
 */
export function inflateJobs(
  bytes: Uint8Array,
  jobs: JobColumns,
  blockSize: number,
  zlib: BlockCodec,
): BlockFailure[] {
  const failures: BlockFailure[] = [];
  for (let first = 0; first < jobs.starts.length;) {
    const end = endOfRun(jobs, first);
    const lengths = lengthsOfRun(bytes, jobs, first, end, blockSize, zlib);
    for (let job = first; job < end; job += 1) {
      if (lengths?.[job - first] === jobs.wanted[job]! >>> 1) continue;
      const failure = inflateJob(bytes, jobs, job, blockSize, zlib);
      if (failure !== undefined) failures.push(failure);
    }
    first = end;
  }
  return failures;
}

/** The most bytes of the image in a run, which are copied together. */
const MAX_RUN_BYTES = 2 ** 17;

/**
 * Returns the end of a run of jobs that can be inflated together; a run of one is inflated alone.
 */
function endOfRun({ starts, lengths, wanted }: JobColumns, first: number): number {
  const limit = Math.min(starts.length, first + RUN_STREAMS);
  const furthest = starts[first]! + MAX_RUN_BYTES;
  for (let job = first, end = 0; job < limit; job += 1) {
    const start = starts[job]!;
    const isLink = (wanted[job]! & 1) !== 0;
    if (isLink || start < end || start + lengths[job]! > furthest) return Math.max(job, first + 1);
    end = start + lengths[job]!;
  }
  return limit;
}

/** Of the run that is being inflated: see BlockInflater.borrowRun(). */
const places = new Uint32Array(2 * RUN_STREAMS);

function lengthsOfRun(
  bytes: Uint8Array,
  { starts, lengths }: JobColumns,
  first: number,
  end: number,
  blockSize: number,
  zlib: BlockCodec,
): Int32Array | undefined {
  if (end - first < 2) return undefined;
  const base = starts[first]!;
  for (let job = first; job < end; job += 1) {
    places[2 * (job - first)] = starts[job]! - base;
    places[2 * (job - first) + 1] = lengths[job]!;
  }
  const data = bytes.subarray(base, starts[end - 1]! + lengths[end - 1]!);
  return zlib.borrowRun?.(data, places, end - first, blockSize)?.lengths;
}

function inflateJob(
  bytes: Uint8Array,
  { starts, lengths, wanted: allWanted }: JobColumns,
  job: number,
  blockSize: number,
  zlib: BlockCodec,
): BlockFailure | undefined {
  const start = starts[job]!;
  const wanted = allWanted[job]!;
  const content = inflate(zlib, bytes.subarray(start, start + lengths[job]!), blockSize);
  if (content === undefined) return { job };
  if (content.length !== wanted >>> 1) return { job, inflated: content.length };
  return (wanted & 1) !== 0 && content.includes(0) ? { job, nul: true } : undefined;
}

function inflate(zlib: BlockCodec, stored: Uint8Array, limit: number): Uint8Array | undefined {
  if ((zlib.method ?? 'zlib') === 'zlib' && !isZlibStream(stored)) return undefined;
  try {
    return zlib.borrow?.(stored, limit) ?? zlib.inflate(stored, limit);
  } catch (error) {
    if (error instanceof RangeError) throw error;
    return undefined;
  }
}

/** Two bytes of header, two of an empty block, four of Adler-32. */
const MIN_ZLIB_LENGTH = 8;

/** Looks at the header (RFC 1950): spares most damaged blocks a costly exception. */
function isZlibStream(stored: Uint8Array): boolean {
  if (stored.length < MIN_ZLIB_LENGTH) return false;
  const method = stored[0]!;
  const flags = stored[1]!;
  return (method & 0x0f) === 8 && (method * 256 + flags) % 31 === 0;
}

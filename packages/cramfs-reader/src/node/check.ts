import type { BlockFailure, JobColumns } from '../check/inflate.js';
import {
  Survey,
  type CheckOptions,
  type CheckResult,
  type SurveyOptions,
} from '../check/survey.js';
import { methodOf } from '../dialects/index.js';
import type { CramfsImage } from '../image.js';
import {
  blocksOfItem,
  inflateItem,
  inflateShareOf,
  type InflateSettings,
  type InflateShare,
} from './inflate-share.js';
import { startPool, workerCount, type ImagePool } from './threads/image-pool.js';
import { SharedWork } from './threads/shared-work.js';
import { nodeZlib } from './zlib.js';

export interface CheckFileOptions extends Omit<CheckOptions, 'zlib'> {
  /** Threads in addition to the calling one. Default: as many as pay. The findings do not depend on it. */
  workers?: number | undefined;
  /** Used in place of threads of this check's own: see startPoolFor(). The caller closes it. */
  pool?: ImagePool | undefined;
  /** Called now and then with the number of blocks inflated so far. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Like checkImage() of the core, but with Node's zlib, on worker threads.
 *
 * @param bytes should come from readShared(), so that they need not be copied.
 */
export async function checkImageFile(
  bytes: Uint8Array,
  options: CheckFileOptions = {},
): Promise<CheckResult> {
  const { offset = 0, workers: requested, pool: given, onProgress, ...rest } = options;
  const workers = given === undefined ? workerCount(bytes.length - offset, requested) : 0;
  // Start the threads while the survey runs; they start with the blocks that it has found.
  const own = workers > 0 ? startPool(workers) : undefined;
  const inflating = new Inflating(given ?? own, onProgress);
  try {
    const survey = await startSurvey(bytes, {
      ...rest,
      offset,
      zlib: nodeZlib,
      onJobs: (image, jobs) => {
        inflating.add(image, jobs);
      },
    });
    survey.checkBytes();
    return survey.finish(await inflating.finish());
  } finally {
    await inflating.end();
    await own?.close();
  }
}

/** A survey with the decoder that the image's blocks need. */
async function startSurvey(bytes: Uint8Array, options: SurveyOptions): Promise<Survey> {
  const survey = new Survey(bytes, options);
  const { image } = survey;
  if (image === undefined || methodOf(image) === 'zlib') return survey;
  const { lzmaInflater } = await import('../lzma.js');
  return new Survey(bytes, { ...options, lzma: lzmaInflater });
}

/** Inflates the blocks of a survey, from its first ones on. */
class Inflating {
  private work: SharedWork<InflateShare, BlockFailure[]> | undefined;
  private readonly pool: ImagePool | undefined;
  private readonly onProgress: CheckFileOptions['onProgress'];
  private readonly shares: InflateShare[] = [];
  /** The first job of each share. */
  private readonly firsts: number[] = [];
  private total = 0;
  private done = 0;

  constructor(pool: ImagePool | undefined, onProgress: CheckFileOptions['onProgress']) {
    this.pool = pool;
    this.onProgress = onProgress;
  }

  add(image: CramfsImage, jobs: JobColumns): void {
    this.work ??= this.start(image);
    this.firsts.push(this.total);
    this.total += jobs.starts.length;
    const share = inflateShareOf(jobs);
    this.shares.push(share);
    this.work.add(share);
  }

  /** Called when all jobs are known. @returns failures by job. */
  async finish(): Promise<BlockFailure[]> {
    const shares = (await this.work?.finish()) ?? [];
    return shares.flatMap((items, index) =>
      items.flat().map((failure) => ({ ...failure, job: this.firsts[index]! + failure.job })),
    );
  }

  /** Must always be called. */
  async end(): Promise<void> {
    await this.work?.end();
  }

  private start({ bytes, blockSize, zlib }: CramfsImage): SharedWork<InflateShare, BlockFailure[]> {
    const settings: InflateSettings = { blockSize, method: zlib.method ?? 'zlib' };
    return new SharedWork(bytes, this.pool, {
      name: 'inflate',
      settings,
      here: (share, item) => inflateItem(share, item, bytes, blockSize, zlib),
      done: (index, item) => {
        this.done += blocksOfItem(this.shares[index]!, item);
        this.onProgress?.(this.done, this.total);
        return true;
      },
    });
  }
}

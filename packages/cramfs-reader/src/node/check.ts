import {
  inflateJobs,
  type BlockFailure,
  type BlockJobs,
  type JobColumns,
} from '../check/inflate.js';
import { Survey, type CheckOptions, type CheckResult } from '../check/survey.js';
import { methodOf } from '../dialects/index.js';
import type { CramfsImage } from '../image.js';
import type { BlockMethod, ZlibCodec } from '../zlib.js';
import { startPool, workerCount, type ImagePool } from './image-pool.js';
import { workThrough } from './work-through.js';
import { nodeZlib } from './zlib.js';

export interface CheckFileOptions extends Omit<CheckOptions, 'zlib'> {
  /** Threads in addition to the calling one. Default: as many as pay. The findings do not depend on it. */
  workers?: number | undefined;
  /** Used in place of threads of this check's own: see startPoolFor(). The caller closes it. */
  pool?: ImagePool | undefined;
  /** Called now and then with the number of blocks inflated so far. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** How many blocks a thread inflates at a time: about 10 ms of work. */
const BATCH = 512;

/** Failures of a batch count its jobs from 0. */
export interface InflateBatch extends JobColumns {
  readonly blockSize: number;
  readonly method: BlockMethod;
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
  // Start the threads while the survey runs.
  const own = workers > 0 ? await startPool(workers) : undefined;
  try {
    const survey = await startSurvey(bytes, { ...rest, offset, zlib: nodeZlib });
    const { image, jobs } = survey;
    const inflating =
      image === undefined || jobs === undefined
        ? Promise.resolve([])
        : inflateAll(image, jobs, given ?? own, onProgress);
    survey.checkBytes();
    return survey.finish(await inflating);
  } finally {
    await own?.close();
  }
}

/** A survey with the decoder that the image's blocks need. */
async function startSurvey(bytes: Uint8Array, options: CheckOptions): Promise<Survey> {
  const survey = new Survey(bytes, options);
  const { image } = survey;
  if (image === undefined || methodOf(image) === 'zlib') return survey;
  const { lzmaInflater } = await import('../lzma.js');
  return new Survey(bytes, { ...options, lzma: lzmaInflater });
}

async function inflateAll(
  { bytes, blockSize, zlib }: CramfsImage,
  jobs: BlockJobs,
  pool: ImagePool | undefined,
  onProgress: CheckFileOptions['onProgress'],
): Promise<BlockFailure[]> {
  let done = 0;
  const results = await workThrough(batchesOf(jobs, blockSize, zlib), pool, bytes, {
    name: 'inflate',
    here: (batch) => inflateJobs(bytes, batch, batch.blockSize, zlib),
    done: ({ starts }) => {
      done += starts.length;
      onProgress?.(done, jobs.count);
      return true;
    },
  });
  return results.flatMap((failures, index) =>
    failures.map((failure) => ({ ...failure, job: index * BATCH + failure.job })),
  );
}

function* batchesOf(
  jobs: BlockJobs,
  blockSize: number,
  { method = 'zlib' }: ZlibCodec,
): Generator<InflateBatch, undefined> {
  const { starts, lengths, wanted } = jobs.columns();
  for (let from = 0; from < jobs.count; from += BATCH) {
    const to = Math.min(jobs.count, from + BATCH);
    yield {
      blockSize,
      method,
      // Copy: a thread would be sent the whole buffer of a view.
      starts: starts.slice(from, to),
      lengths: lengths.slice(from, to),
      wanted: wanted.slice(from, to),
    };
  }
}

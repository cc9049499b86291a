import {
  inflateJobs,
  type BlockFailure,
  type BlockJobs,
  type JobColumns,
} from '../check/inflate.js';
import { Survey, type CheckOptions, type CheckResult } from '../check/survey.js';
import type { CramfsImage } from '../image.js';
import { startPool, workerCount, type ImagePool } from './image-pool.js';
import { nodeZlib } from './zlib.js';

export interface CheckFileOptions extends Omit<CheckOptions, 'zlib'> {
  /** Worker threads; 0: none. Default: as many as pay. The findings are always the same. */
  workers?: number | undefined;
  /** Called now and then with the number of blocks inflated so far. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Blocks that a worker inflates at a time, about 20 ms of work. */
const BATCH = 1024;

/** What a worker is asked to inflate: numbers of jobs count from the first one of the batch. */
export interface InflateTask extends JobColumns {
  readonly blockSize: number;
}

/**
 * As checkImage() of the core, but with Node's zlib, on worker threads.
 *
 * @param bytes should come from readShared(), so that they need not be copied.
 */
export async function checkImageFile(
  bytes: Uint8Array,
  options: CheckFileOptions = {},
): Promise<CheckResult> {
  const { offset = 0, workers: requested, onProgress, ...rest } = options;
  const workers = workerCount(bytes.length - offset, requested);
  // The threads start while the survey runs.
  const pool = workers > 0 ? await startPool(bytes.subarray(offset), workers) : undefined;
  try {
    const survey = new Survey(bytes, { ...rest, offset, zlib: nodeZlib });
    const { image, jobs } = survey;
    const inflating =
      pool === undefined || image === undefined || jobs === undefined
        ? undefined
        : inflateInPool(pool, image, jobs, onProgress);
    survey.checkBytes();
    if (inflating !== undefined) return survey.finish(await inflating);
    if (image === undefined || jobs === undefined) return survey.finish([]);
    return survey.finish(inflateHere(image, jobs, onProgress));
  } finally {
    await pool?.close();
  }
}

async function inflateInPool(
  pool: ImagePool,
  image: CramfsImage,
  jobs: BlockJobs,
  onProgress: CheckFileOptions['onProgress'],
): Promise<BlockFailure[]> {
  const { starts, lengths, wanted } = jobs.columns();
  const total = jobs.count;
  let done = 0;
  const batches: Promise<BlockFailure[]>[] = [];
  for (let from = 0; from < total; from += BATCH) {
    const to = Math.min(total, from + BATCH);
    const task: InflateTask = {
      blockSize: image.blockSize,
      starts: starts.slice(from, to),
      lengths: lengths.slice(from, to),
      wanted: wanted.slice(from, to),
    };
    batches.push(
      pool.run<BlockFailure[]>('inflate', task).then((failures) => {
        done += to - from;
        onProgress?.(done, total);
        return failures.map((failure) => ({ ...failure, job: from + failure.job }));
      }),
    );
  }
  return (await Promise.all(batches)).flat();
}

function inflateHere(
  image: CramfsImage,
  jobs: BlockJobs,
  onProgress: CheckFileOptions['onProgress'],
): BlockFailure[] {
  const columns = jobs.columns();
  const failures: BlockFailure[] = [];
  for (let from = 0; from < jobs.count; from += BATCH) {
    const to = Math.min(jobs.count, from + BATCH);
    failures.push(...inflateJobs(image.bytes, columns, from, to, image.blockSize, nodeZlib));
    onProgress?.(to, jobs.count);
  }
  return failures;
}

import type { CramfsImage } from '../../image.js';
import type { ImagePool } from '../image-pool.js';
import { isFatal, toProblem, type ExtractProblem } from './problems.js';
import { writeFile, type FileRequest } from './write-file.js';

/** A file to write and the path it has in the image. */
export interface FileTask extends FileRequest {
  readonly path: string;
}

/** Files that a worker writes at a time. */
export interface FileBatch {
  readonly blockSize: CramfsImage['blockSize'];
  readonly tasks: readonly FileTask[];
}

export interface BatchResult {
  readonly written: number;
  readonly problems: ExtractProblem[];
}

/** A batch ends at this many bytes, some 10 ms of work, or files. */
const BATCH_BYTES = 2 * 2 ** 20;
const BATCH_FILES = 64;

/** Writes some files, each whether or not the others succeed, up to a fatal problem. */
export function writeBatch(image: CramfsImage, tasks: readonly FileTask[]): BatchResult {
  const problems: ExtractProblem[] = [];
  let written = 0;
  for (const task of tasks) {
    try {
      const damage = writeFile(image, task);
      if (damage !== undefined) problems.push(toProblem(damage, task.path));
      written += 1;
    } catch (error) {
      const problem = toProblem(error, task.path);
      problems.push(problem);
      if (isFatal(problem)) break;
    }
  }
  return { written, problems };
}

/**
 * Writes all files, on the threads of `pool` or here; ends early after a fatal problem.
 *
 * @returns number of files and the problems, in the order of `tasks`.
 */
export async function writeFiles(
  image: CramfsImage,
  tasks: readonly FileTask[],
  pool: ImagePool | undefined,
  onProgress: (bytes: number) => void,
): Promise<BatchResult> {
  const results: BatchResult[] = [];
  let stopped = false;
  const batches = [...batchesOf(tasks)];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let batch = batches[next]; batch !== undefined; batch = batches[next]) {
      if (stopped) return;
      const index = next;
      next += 1;
      const result =
        pool === undefined
          ? writeBatch(image, batch)
          : await pool.run<BatchResult>('write', { blockSize: image.blockSize, tasks: batch });
      results[index] = result;
      stopped ||= result.problems.some(isFatal);
      onProgress(batch.reduce((sum, { inode }) => sum + inode.size, 0));
    }
  };
  // Two batches for each worker: one in the works, one waiting.
  const lanes = pool === undefined ? 1 : 2 * pool.workers;
  await Promise.all(Array.from({ length: lanes }, work));
  return {
    written: results.reduce((sum, { written }) => sum + written, 0),
    problems: results.flatMap(({ problems }) => problems),
  };
}

function* batchesOf(tasks: readonly FileTask[]): Generator<FileTask[]> {
  let batch: FileTask[] = [];
  let bytes = 0;
  for (const task of tasks) {
    batch.push(task);
    bytes += task.inode.size;
    if (bytes < BATCH_BYTES && batch.length < BATCH_FILES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

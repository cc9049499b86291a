import type { CramfsImage } from '../../image.js';
import type { ImagePool } from '../image-pool.js';
import { workThrough } from '../work-through.js';
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
  /** Of the files that were written. */
  readonly bytes: number;
  readonly problems: ExtractProblem[];
}

/** A batch ends at this many bytes, some 10 ms of work, or files. */
const BATCH_BYTES = 2 ** 20;
const BATCH_FILES = 64;

/** Writes some files, each whether or not the others succeed, up to a fatal problem. */
export function writeBatch(image: CramfsImage, { tasks }: FileBatch): BatchResult {
  const problems: ExtractProblem[] = [];
  let written = 0;
  let bytes = 0;
  for (const task of tasks) {
    try {
      const damage = writeFile(image, task);
      if (damage !== undefined) problems.push(toProblem(damage, task.path));
      written += 1;
      bytes += task.inode.size;
    } catch (error) {
      const problem = toProblem(error, task.path);
      problems.push(problem);
      if (isFatal(problem)) break;
    }
  }
  return { written, bytes, problems };
}

/**
 * Writes all files, on the threads of `pool` and on this one; ends early after a fatal problem.
 *
 * @returns number of files, their bytes, and the problems in the order of `tasks`.
 */
export async function writeFiles(
  image: CramfsImage,
  tasks: Iterable<FileTask>,
  pool: ImagePool | undefined,
  onProgress: (bytes: number) => void,
): Promise<BatchResult> {
  const results = await workThrough(batchesOf(tasks, image), pool, image.bytes, {
    name: 'write',
    here: (batch) => writeBatch(image, batch),
    done: ({ tasks }, { problems }) => {
      onProgress(tasks.reduce((sum, { inode }) => sum + inode.size, 0));
      return !problems.some(isFatal);
    },
  });
  return {
    written: results.reduce((sum, { written }) => sum + written, 0),
    bytes: results.reduce((sum, { bytes }) => sum + bytes, 0),
    problems: results.flatMap(({ problems }) => problems),
  };
}

function* batchesOf(
  tasks: Iterable<FileTask>,
  { blockSize }: CramfsImage,
): Generator<FileBatch, undefined> {
  let batch: FileTask[] = [];
  let bytes = 0;
  for (const task of tasks) {
    batch.push(task);
    bytes += task.inode.size;
    if (bytes < BATCH_BYTES && batch.length < BATCH_FILES) continue;
    yield { blockSize, tasks: batch };
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield { blockSize, tasks: batch };
}

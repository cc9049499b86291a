import type { DialectName } from '../../dialects/names.js';
import type { CramfsImage } from '../../image.js';
import type { ImagePool } from '../image-pool.js';
import { workThrough } from '../work-through.js';
import { withCursor } from './directory-cursor.js';
import { isFatal, toProblem, type ExtractProblem } from './problems.js';
import type { TargetLocation } from './target-directory.js';
import { writeFile, type FileRequest } from './write-file.js';

/** How many files a worker writes at a time. */
export interface FileBatch {
  readonly blockSize: CramfsImage['blockSize'];
  readonly dialect: DialectName;
  readonly target: TargetLocation;
  readonly tasks: readonly FileRequest[];
}

export interface BatchResult {
  readonly written: number;
  /** Bytes of the files that were written. */
  readonly bytes: number;
  readonly problems: ExtractProblem[];
}

/** A batch ends at this many bytes, some 10 ms of work, or files. */
const BATCH_BYTES = 2 ** 20;
const BATCH_FILES = 64;

/** Writes some files, each whether or not the others succeed, up to a fatal problem. */
export function writeBatch(image: CramfsImage, { target, tasks }: FileBatch): BatchResult {
  const problems: ExtractProblem[] = [];
  let written = 0;
  let bytes = 0;
  withCursor(target, (cursor) => {
    for (const task of tasks) {
      try {
        const damage = writeFile(image, task, cursor);
        if (damage !== undefined) problems.push(toProblem(damage, task.path));
        written += 1;
        bytes += task.inode.size;
      } catch (error) {
        const problem = toProblem(error, task.path);
        problems.push(problem);
        if (isFatal(problem)) break;
      }
    }
  });
  return { written, bytes, problems };
}

export interface WriteFilesOptions {
  readonly pool: ImagePool | undefined;
  /** Called with the bytes of content written since the last call. */
  readonly onProgress: (bytes: number) => void;
  /** Ends the work when the files being written are complete. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Writes all files, on the threads of a pool and on this one; ends early after a fatal problem, or on
 * request.
 *
 * @returns number of files, their bytes, and the problems in the order of `tasks`.
 */
export async function writeFiles(
  image: CramfsImage,
  target: TargetLocation,
  tasks: Iterable<FileRequest>,
  { pool, onProgress, signal }: WriteFilesOptions,
): Promise<BatchResult> {
  const results = await workThrough(batchesOf(image, target, tasks), pool, image.bytes, {
    name: 'write',
    here: (batch) => writeBatch(image, batch),
    done: ({ tasks }, { problems }) => {
      onProgress(tasks.reduce((sum, { inode }) => sum + inode.size, 0));
      return signal?.aborted !== true && !problems.some(isFatal);
    },
  });
  return {
    written: results.reduce((sum, { written }) => sum + written, 0),
    bytes: results.reduce((sum, { bytes }) => sum + bytes, 0),
    problems: onlyOneFatal(results.flatMap(({ problems }) => problems)),
  };
}

/** Each thread finds on its own that nothing more can be written: only the first problem is kept. */
function onlyOneFatal(problems: readonly ExtractProblem[]): ExtractProblem[] {
  const first = problems.find(isFatal);
  return problems.filter((problem) => problem === first || !isFatal(problem));
}

function* batchesOf(
  { blockSize, dialect: { name: dialect } }: CramfsImage,
  target: TargetLocation,
  tasks: Iterable<FileRequest>,
): Generator<FileBatch, undefined> {
  let batch: FileRequest[] = [];
  let bytes = 0;
  for (const task of tasks) {
    batch.push(task);
    bytes += task.inode.size;
    if (bytes < BATCH_BYTES && batch.length < BATCH_FILES) continue;
    yield { blockSize, dialect, target, tasks: batch };
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield { blockSize, dialect, target, tasks: batch };
}

import type { CramfsImage } from '../../image.js';
import type { SelectedEntry } from '../../select.js';
import type { ImagePool } from '../threads/image-pool.js';
import { SharedWork } from '../threads/shared-work.js';
import { losesSetId } from './attributes.js';
import {
  fileShareOf,
  filesOfItem,
  writeItem,
  type FileSettings,
  type FileShare,
  type WriteResult,
} from './file-share.js';
import { isFatal, type ExtractProblem } from './problems.js';
import type { TargetLocation } from './target-directory.js';
import type { FileRules } from './write-file.js';

export interface WriteFilesOptions {
  readonly rules: FileRules;
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
 * @param files see fileShareOf().
 * @returns number of files, their bytes, and the problems in the order of `files`.
 */
export async function writeFiles(
  image: CramfsImage,
  target: TargetLocation,
  files: readonly SelectedEntry[],
  { rules, pool, onProgress, signal }: WriteFilesOptions,
): Promise<WriteResult> {
  const { blockSize, dialect } = image;
  const settings: FileSettings = { blockSize, dialect: dialect.name, target, rules };
  const filesOf = (share: FileShare, item: number): readonly SelectedEntry[] =>
    files.slice(...filesOfItem(share, item));
  const work = new SharedWork<FileShare, WriteResult>(image.bytes, pool, {
    name: 'write',
    settings,
    here: (share, item) => writeItem(share, item, image, target, rules),
    done: (share, item, { problems }) => {
      onProgress(filesOf(share, item).reduce((sum, { inode }) => sum + inode.size, 0));
      return signal?.aborted !== true && !problems.some(isFatal);
    },
  });
  const share = fileShareOf(files);
  work.add(share);
  const [results = []] = await work.finish();
  // Where nothing was done, there is nothing.
  const problems: ExtractProblem[] = [];
  results.forEach((_, item) => problems.push(...warnOfSetId(filesOf(share, item), rules)));
  results.forEach((result) => problems.push(...result.problems));
  return {
    written: results.reduce((sum, { written }) => sum + written, 0),
    bytes: results.reduce((sum, { bytes }) => sum + bytes, 0),
    problems: onlyOneFatal(problems),
  };
}

function warnOfSetId(files: readonly SelectedEntry[], rules: FileRules): ExtractProblem[] {
  return files
    .filter(({ inode }) => losesSetId(inode, rules))
    .map(({ path }) => ({
      severity: 'warning',
      path,
      code: 'DROPPED_SETUID',
      message: 'the setuid and setgid bits are left out',
    }));
}

/** Each thread finds on its own that nothing more can be written: only the first problem is kept. */
function onlyOneFatal(problems: readonly ExtractProblem[]): ExtractProblem[] {
  const first = problems.find(isFatal);
  return problems.filter((problem) => problem === first || !isFatal(problem));
}

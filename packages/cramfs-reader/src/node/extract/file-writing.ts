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

export interface FileWritingOptions {
  readonly rules: FileRules;
  readonly pool: ImagePool | undefined;
  /** Called with the bytes of content written since the last call. */
  readonly onProgress: (bytes: number) => void;
  /** Ends the work when the files being written are complete. */
  readonly signal: AbortSignal | undefined;
}

/** The amount of work that is gathered before the threads are told. */
const SHARE_FILES = 256;
const SHARE_BYTES = 2 ** 23;

/**
 * Writes files, on this thread and on those of a pool, which start with the first files. It ends
 * early after a fatal problem, or on request.
 */
export class FileWriting {
  private readonly rules: FileRules;
  private readonly work: SharedWork<FileShare, WriteResult>;
  private readonly shares: { readonly share: FileShare; readonly files: SelectedEntry[] }[] = [];
  private gathered: SelectedEntry[] = [];
  private gatheredBytes = 0;

  constructor(image: CramfsImage, target: TargetLocation, options: FileWritingOptions) {
    const { rules, pool, onProgress, signal } = options;
    const { blockSize, dialect } = image;
    this.rules = rules;
    const settings: FileSettings = { blockSize, dialect: dialect.name, target, rules };
    this.work = new SharedWork(image.bytes, pool, {
      name: 'write',
      settings,
      here: (share, item) => writeItem(share, item, image, target, rules),
      done: (index, item, { problems }) => {
        onProgress(this.filesOf(index, item).reduce((sum, { inode }) => sum + inode.size, 0));
        return signal?.aborted !== true && !problems.some(isFatal);
      },
    });
  }

  /** @param file see fileShareOf(). */
  add(file: SelectedEntry): void {
    this.gathered.push(file);
    this.gatheredBytes += file.inode.size;
    if (this.gathered.length >= SHARE_FILES || this.gatheredBytes >= SHARE_BYTES) this.share();
  }

  /** @returns number of files, their bytes, and the problems in the order of the files. */
  async finish(): Promise<WriteResult> {
    if (this.gathered.length > 0) this.share();
    const shares = await this.work.finish();
    const warnings: ExtractProblem[] = [];
    // Files that were not reached have no warnings.
    shares.forEach((items, index) => {
      items.forEach((_, item) => {
        warnings.push(...warnOfSetId(this.filesOf(index, item), this.rules));
      });
    });
    const results = shares.flat();
    return {
      written: results.reduce((sum, { written }) => sum + written, 0),
      bytes: results.reduce((sum, { bytes }) => sum + bytes, 0),
      problems: [...warnings, ...onlyOneFatal(results.flatMap(({ problems }) => problems))],
    };
  }

  /** Must always be called. @returns when no file is being written. */
  end(): Promise<void> {
    return this.work.end();
  }

  private share(): void {
    const files = this.gathered;
    this.gathered = [];
    this.gatheredBytes = 0;
    const share = fileShareOf(files);
    this.shares.push({ share, files });
    this.work.add(share);
  }

  private filesOf(index: number, item: number): SelectedEntry[] {
    const { share, files } = this.shares[index]!;
    return files.slice(...filesOfItem(share, item));
  }
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

/** Each thread notices by itself that nothing more can be written: keep only the first problem. */
function onlyOneFatal(problems: readonly ExtractProblem[]): ExtractProblem[] {
  const first = problems.find(isFatal);
  return problems.filter((problem) => problem === first || !isFatal(problem));
}

import { checkImageFile } from 'cramfs-reader/node';
import type { BlockSize } from 'cramfs-format';
import type { CheckResult } from 'cramfs-reader';
import { about } from '../../shell/report-error.js';
import type { CliIo } from '../../shell/io.js';
import { imageHint, readImageArgument, type ImageArguments } from '../../shell/open-image.js';
import { startProgress } from '../../shell/progress.js';
import { withPool } from '../../shell/with-pool.js';

export interface CheckFileOptions extends ImageArguments {
  /** Page size of the kernel that will mount the image. */
  readonly pageSize?: BlockSize | undefined;
  /** A kernel with an MMU, or one without; undefined: either. */
  readonly mmuOnly?: boolean | undefined;
  /** Threads; undefined: as many as pay. */
  readonly workers?: number | undefined;
  /** Keep all findings, up to {@link ALL}; otherwise no more of a code than are shown. */
  readonly all?: boolean | undefined;
}

/** The most findings of each code: an image of garbage must not fill the memory. */
const ALL = 100_000;

/** A check, and where the image starts in the file. */
export interface CheckRun {
  readonly result: CheckResult;
  readonly offset: number;
}

/**
 * Checks the image in `file`, on worker threads, with a progress bar on a terminal.
 *
 * @throws FileError if the file cannot be read; damage of the image becomes findings.
 */
export async function checkFile(
  file: string,
  args: CheckFileOptions,
  io: CliIo,
): Promise<CheckRun> {
  return withPool(file, args.workers, async (pool) => {
    const { bytes, offset = 0, base, search } = await readImageArgument(file, args, io);
    const progress = await startProgress(io, 'checking');
    try {
      const result = await about(file, () =>
        checkImageFile(bytes, {
          offset,
          blockSize: args['block-size'],
          dialect: args.dialect,
          pageSize: args.pageSize,
          mmu: args.mmuOnly,
          ...(args.all === true ? { limit: ALL } : {}),
          pool,
          onProgress: progress.update,
        }),
      );
      if (result.stats !== undefined) return { result, offset: base + offset };
      const hint = imageHint(search());
      return { result: hint === undefined ? result : withHint(result, hint), offset };
    } finally {
      progress.stop();
    }
  });
}

/** Adds to the result of a file without a superblock where there is one. */
function withHint(result: CheckResult, hint: string): CheckResult {
  const findings = result.findings.map((finding) =>
    finding.code === 'no-superblock'
      ? { ...finding, message: `${finding.message}; ${hint}` }
      : finding,
  );
  return { ...result, findings };
}

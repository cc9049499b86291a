import { inflateJobs, type BlockFailure } from './check/inflate.js';
import { Survey, type CheckOptions, type CheckResult } from './check/survey.js';
import { takeSteps } from './steps.js';

export { FINDING_CODES, type FindingCode, type FindingKind, type Severity } from './check/codes.js';
export type { Finding } from './check/findings.js';
export type { CheckOptions, CheckResult, CheckStats } from './check/survey.js';

/** How many compressed blocks a step inflates: about 10 ms of work. */
const STEP_BLOCKS = 256;

/** How far a check has come. */
export interface CheckProgress {
  /** Compressed blocks that have been inflated, and all of them. */
  readonly done: number;
  readonly total: number;
}

/**
 * Checks a whole image: superblock, CRC, every directory entry, every block pointer, every block's
 * data, and what Linux would misread. Never throws because of the image: what is wrong becomes a
 * finding, and the check goes on with what can still be reached. Time and memory are bounded by the image's
 * size, even if its structures overlap.
 *
 * @param bytes a file with the image; must not change meanwhile.
 * @throws CramfsError BAD_REQUEST for an invalid offset.
 */
export function checkImage(bytes: Uint8Array, options: CheckOptions = {}): CheckResult {
  return takeSteps(checkSteps(bytes, options));
}

/**
 * {@link checkImage} in steps, between which the caller can do something else: one for the structures, one
 * for the gaps between them and the CRC, and many for the blocks.
 */
export function* checkSteps(
  bytes: Uint8Array,
  options: CheckOptions = {},
): Generator<CheckProgress, CheckResult> {
  const survey = new Survey(bytes, options);
  const { image, jobs } = survey;
  const total = jobs?.count ?? 0;
  yield { done: 0, total };
  survey.checkBytes();
  if (image === undefined || jobs === undefined) return survey.finish([]);
  yield { done: 0, total };
  const failures: BlockFailure[] = [];
  for (let from = 0; from < total; from += STEP_BLOCKS) {
    const to = Math.min(total, from + STEP_BLOCKS);
    const step = jobs.columns(from, to);
    for (const failure of inflateJobs(image.bytes, step, image.blockSize, image.zlib)) {
      failures.push({ ...failure, job: from + failure.job });
    }
    yield { done: to, total };
  }
  return survey.finish(failures);
}

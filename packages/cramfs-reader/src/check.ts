import { inflateJobs } from './check/inflate.js';
import { Survey, type CheckOptions, type CheckResult } from './check/survey.js';

export { FINDING_CODES, type FindingCode, type FindingKind, type Severity } from './check/codes.js';
export type { Finding } from './check/findings.js';
export type { CheckOptions, CheckResult, CheckStats } from './check/survey.js';

/**
 * Checks a whole image: superblock, CRC, every directory entry, every block pointer, every block's
 * data, and what Linux would misread. Never throws because of the image: what is wrong becomes a
 * finding, and the check goes on with what can still be reached. Time and memory are bounded by the
 * image's size, however its structures are entangled.
 *
 * @param bytes a file with the image; must not change meanwhile.
 * @throws CramfsError BAD_REQUEST for an offset that is none.
 */
export function checkImage(bytes: Uint8Array, options: CheckOptions = {}): CheckResult {
  const survey = new Survey(bytes, options);
  survey.checkBytes();
  const { image, jobs } = survey;
  if (image === undefined || jobs === undefined) return survey.finish([]);
  return survey.finish(inflateJobs(image.bytes, jobs.columns(), image.blockSize, image.zlib));
}

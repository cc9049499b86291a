import { verifyCrc, type CramfsImage } from 'cramfs-reader';
import type { CliIo } from './io.js';
import { printable } from './report-error.js';

/**
 * A warning for a user who extracts files from an image with a wrong CRC; undefined if it is right. Takes a
 * pass over the image.
 */
export function crcProblem(image: CramfsImage): string | undefined {
  const { verdict } = verifyCrc(image);
  const advice = '`cramfs check` shows what is damaged';
  if (verdict === 'wrong') return `the CRC of the image is wrong, files may be damaged: ${advice}`;
  if (verdict === 'cut-off') return `the image is cut off, files may be damaged: ${advice}`;
  return undefined;
}

/** Warns on standard error if the CRC of the image in `file` is wrong. */
export function warnOfCrc(image: CramfsImage, file: string, io: CliIo): void {
  const problem = crcProblem(image);
  if (problem !== undefined) io.stderr.write(`cramfs: ${printable(file)}: warning: ${problem}\n`);
}

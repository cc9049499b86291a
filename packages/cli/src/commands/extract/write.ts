import { isCramfsError, nameToText } from 'cramfs-format';
import type { CramfsImage } from 'cramfs-reader';
import {
  extractImage,
  type ExtractOptions,
  type ExtractProblem,
  type ExtractReport,
} from 'cramfs-reader/node';
import { FileError } from '../../shell/errors.js';
import { isUsageError, printable } from '../../shell/report-error.js';
import { EXIT, type ExitCode } from '../../shell/exit-codes.js';
import type { CliIo } from '../../shell/io.js';
import { ProblemLines, type ProblemLinesOptions } from '../../shell/problem-lines.js';
import { startProgress } from '../../shell/progress.js';
import { hex } from '../../render/json.js';

/**
 * Extracts an image, with a progress bar on a terminal; prints problems, not the result.
 *
 * @param file the image's name for messages.
 * @param known problems found before anything is extracted.
 * @param lines the name that lines on stderr start with, and how many there may be.
 * @throws FileError about the target directory.
 */
export async function runExtract(
  image: CramfsImage,
  file: string,
  target: string,
  options: Omit<ExtractOptions, 'onProgress' | 'signal'>,
  { tool, ...lines }: ProblemLinesOptions & { readonly tool: string },
  io: CliIo,
  known: readonly ExtractProblem[] = [],
): Promise<ExtractReport> {
  const progress = await startProgress(io, 'extracting');
  let report: ExtractReport;
  try {
    report = await extractImage(image, target, {
      ...options,
      onProgress: progress.update,
      signal: io.interruptSignal(),
    });
  } catch (error) {
    if (isUsageError(error)) throw error;
    throw new FileError(isCramfsError(error) ? file : target, error);
  } finally {
    progress.stop();
  }
  report = { ...report, problems: [...known, ...report.problems] };
  reportProblems(report.problems, lines, (line) => {
    io.stderr.write(`${tool}: ${printable(file)}: ${line}\n`);
  });
  return report;
}

const KEEPS_ALL = '`cramfs tar` keeps owners and devices';

/** What helps against problems of a code. */
const REMEDIES: Readonly<Record<string, string>> = {
  EEXIST: '--force replaces files that exist',
  SKIPPED_DEVICE: KEEPS_ALL,
  OWNERS_NOT_SET: KEEPS_ALL,
  EINVAL: 'in a user namespace, --no-owner and --devices skip leave out what it cannot hold',
  DROPPED_SETUID: '--setuid keeps setuid and setgid bits',
};

function reportProblems(
  problems: readonly ExtractProblem[],
  options: ProblemLinesOptions,
  write: (line: string) => void,
): void {
  const lines = new ProblemLines(write, options);
  for (const problem of problems) {
    const { severity, code } = problem;
    const kind = { key: `${severity} ${code}`, summary: code, remedy: REMEDIES[code] };
    lines.add(kind, () => problemLine(problem));
  }
  lines.finish();
  for (const remedy of lines.remedies()) write(remedy);
}

/** Code of the problem of a wrong image CRC. */
export const CRC_MISMATCH = 'CRC_MISMATCH';

/** Whether everything requested has been extracted, and whether it can be trusted. */
export function extractExitCode({ problems }: ExtractReport): ExitCode {
  if (problems.some(({ severity }) => severity === 'error')) return EXIT.failed;
  return problems.some(({ code }) => code === CRC_MISMATCH) ? EXIT.uncorrected : EXIT.ok;
}

function problemLine({ severity, path, offset, message }: ExtractProblem): string {
  const what = severity === 'error' ? '' : 'warning: ';
  const where = offset === undefined ? '' : `offset ${hex(offset)}: `;
  const which = path === undefined ? '' : ` (${nameToText(path)})`;
  // Messages of Node.js have the form `EEXIST: file already exists, open`.
  const text = message.replace(/^E[A-Z0-9]+: (.*), [a-z]+$/, '$1');
  return `${what}${where}${printable(text)}${which}`;
}

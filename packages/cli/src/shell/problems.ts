import { isCramfsError, nameToText, type CramfsError } from 'cramfs-format';
import { EXIT, type ExitCode } from './exit-codes.js';
import { FileError, errorCode } from './errors.js';
import { printable, reportError } from './report-error.js';
import { ProblemLines, type ProblemLinesOptions } from './problem-lines.js';
import type { CliIo } from './io.js';

const TOOL = 'cramfs';

/**
 * Reports errors that do not end a command, a line each for the first ten of a kind, and remembers
 * that there were some.
 */
export class Problems {
  private readonly file: string;
  private readonly io: CliIo;
  private readonly lines: ProblemLines;
  private count = 0;

  /** @param file the file that they are about, as on the command line. */
  constructor(file: string, io: CliIo, options: ProblemLinesOptions = {}) {
    this.file = file;
    this.io = io;
    this.lines = new ProblemLines((line) => {
      io.stderr.write(`${TOOL}: ${printable(file)}: ${line}\n`);
    }, options);
  }

  readonly add = (error: unknown): void => {
    this.count += 1;
    const key = isCramfsError(error) ? error.code : (errorCode(error) ?? '');
    if (this.lines.shows({ key })) reportError(new FileError(this.file, error), TOOL, this.io);
  };

  /** Reports something that does not make the command fail. */
  warn(error: CramfsError): void {
    const { code, message, path } = error;
    const which = path === undefined ? '' : ` (${nameToText(path)})`;
    this.lines.add({ key: `warning ${code}` }, () => `warning: ${printable(message)}${which}`);
  }

  /** Runs `action`, and reports its error. */
  try<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      this.add(error);
      return undefined;
    }
  }

  /** Counts the errors that got no line, and tells the exit code. To be called once, at the end. */
  finish(): ExitCode {
    this.lines.finish();
    return this.count === 0 ? EXIT.ok : EXIT.failed;
  }
}

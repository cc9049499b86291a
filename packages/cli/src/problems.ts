import { EXIT, type ExitCode } from './exit-codes.js';
import { FileError } from './errors.js';
import { reportError } from './report-error.js';
import type { CliIo } from './io.js';

/** Reports errors that do not end a command, one line each, and remembers that there were some. */
export class Problems {
  private readonly file: string;
  private readonly io: CliIo;
  private count = 0;

  /** @param file the file that they are about, as on the command line. */
  constructor(file: string, io: CliIo) {
    this.file = file;
    this.io = io;
  }

  readonly add = (error: unknown): void => {
    this.count += 1;
    reportError(new FileError(this.file, error), 'cramfs', this.io);
  };

  /** Runs `action`; an error of it is reported. */
  try<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      this.add(error);
      return undefined;
    }
  }

  get exitCode(): ExitCode {
    return this.count === 0 ? EXIT.ok : EXIT.failed;
  }
}

import { CramfsError, nameToText } from 'cramfs-format';
import type { Problem } from 'mkcramfs';
import { printable } from '../report-error.js';
import type { CliIo } from '../io.js';

/** Prints problems of a build as they are found, and decides whether it can go on. */
export class ProblemLog {
  private errors = 0;
  private warnings = 0;
  private readonly prefix: string;
  private readonly io: CliIo;

  /** @param tool the name that lines start with. */
  constructor(tool: string, source: string, io: CliIo) {
    this.prefix = `${tool}: ${printable(source)}`;
    this.io = io;
  }

  readonly add = ({ severity, path, message }: Problem): void => {
    const isError = severity === 'error';
    if (isError) this.errors += 1;
    else this.warnings += 1;
    const what = isError ? '' : 'warning: ';
    this.io.stderr.write(`${this.prefix}: ${what}${printable(message)} (${nameToText(path)})\n`);
  };

  /** @throws CramfsError DOES_NOT_FIT after errors; after warnings too if these are errors. */
  stopIfBad(warningsAreErrors: boolean): void {
    if (this.errors > 0) {
      const count = this.errors === 1 ? 'an error' : `${this.errors} errors`;
      throw new CramfsError('DOES_NOT_FIT', `no image because of ${count}`);
    }
    if (warningsAreErrors && this.warnings > 0) {
      const count = this.warnings === 1 ? 'a warning' : `${this.warnings} warnings`;
      throw new CramfsError('DOES_NOT_FIT', `no image because of ${count} (-E)`);
    }
  }
}

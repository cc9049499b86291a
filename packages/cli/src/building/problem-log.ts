import { CramfsError, nameToText } from 'cramfs-format';
import type { Problem, ProblemKind } from 'mkcramfs';
import { ProblemLines } from '../shell/problem-lines.js';
import { printable } from '../shell/report-error.js';
import type { CliIo } from '../shell/io.js';

/** What problems of a kind have in common, and the remedy for those that are errors. */
const KINDS: Readonly<Record<ProblemKind, { summary: string; remedy?: (tool: string) => string }>> =
  {
    id: {
      summary: 'ids that do not fit',
      remedy: (tool) =>
        `-q gives everything to 0:0, ${tool === 'cramfs' ? '--owner UID:GID' : '-D FILE'} to others; ` +
        '--allow truncate-ids cuts ids',
    },
    name: { summary: 'names that do not fit', remedy: () => '--allow truncate-names cuts them' },
    'file-size': {
      summary: 'files that do not fit',
      remedy: () => '--allow skip-large-files leaves them out, truncate-files cuts them',
    },
    device: {
      summary: 'device numbers that do not fit',
      remedy: () => '--allow truncate-devices keeps 8 bits of each number',
    },
    'directory-size': { summary: 'directories that do not fit' },
    mode: { summary: 'modes that are not of the type' },
    path: { summary: 'paths that are too long' },
    target: { summary: 'symbolic links that Linux could not follow' },
    unreadable: {
      summary: 'files that cannot be read',
      remedy: () => '--allow skip-unreadable leaves them out',
    },
    xattr: { summary: 'files with extended attributes' },
    source: { summary: 'remarks about the source' },
    unused: { summary: 'patterns that match nothing' },
    'last-page': { summary: 'last pages that cannot run in place' },
    'no-mmu': { summary: 'programs that cannot run in place without an MMU' },
    misread: {
      summary: 'entries that Linux would misread',
      remedy: () => '--force builds it nevertheless',
    },
  };

/** Prints problems of a build as they are found, and decides whether it can go on. */
export class ProblemLog {
  private errors = 0;
  private warnings = 0;
  private readonly lines: ProblemLines;
  private readonly write: (line: string) => void;
  private readonly tool: string;

  /**
   * @param tool the name that lines start with.
   * @param all print every problem, even of the same kind.
   */
  constructor(tool: string, source: string, all: boolean, io: CliIo) {
    this.tool = tool;
    const prefix = `${tool}: ${printable(source)}`;
    this.write = (line) => {
      io.stderr.write(`${prefix}: ${line}\n`);
    };
    this.lines = new ProblemLines(this.write, { all, hint: '-v lists all' });
  }

  readonly add = ({ severity, kind, path, message }: Problem): void => {
    const isError = severity === 'error';
    const { summary, remedy } = KINDS[kind];
    if (isError) this.errors += 1;
    else this.warnings += 1;
    const what = isError ? '' : 'warning: ';
    this.lines.add(
      {
        key: `${severity} ${kind}`,
        summary: `${what}${summary}`,
        remedy: isError ? remedy?.(this.tool) : undefined,
      },
      () => `${what}${printable(message)}${kind === 'unused' ? '' : ` (${nameToText(path)})`}`,
    );
  };

  /** Prints a note that is not a problem of the source. */
  note(text: string): void {
    this.write(printable(text));
  }

  /** Like {@link note}, for notes that may be many: after ten they are only counted. */
  remark(summary: string, text: string): void {
    this.lines.add({ key: summary, summary }, () => printable(text));
  }

  /** Counts the problems that got no line. To be called once, when no more can come. */
  finish(): void {
    this.lines.finish();
  }

  /** @throws CramfsError DOES_NOT_FIT after errors; also after warnings if these count as errors. */
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

  /** The last line of a failed build also gives the remedies for the reported problems. */
  withRemedies(error: CramfsError): CramfsError {
    const remedies = this.lines.remedies();
    if (remedies.length === 0) return error;
    const { code, message, path, offset } = error;
    return new CramfsError(code, `${message}: ${remedies.join('; ')}`, {
      path,
      offset,
      cause: error,
    });
  }
}

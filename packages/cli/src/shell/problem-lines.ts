/** How many similar lines are printed before the rest is only counted. */
const SHOWN = 10;

export interface ProblemLinesOptions {
  /** Print every line, however many are alike: for --verbose and --json. */
  readonly all?: boolean;
  /** How the user gets every line, for example `--verbose lists all`. */
  readonly hint?: string | undefined;
}

/** What makes problems alike. */
export interface ProblemKind {
  readonly key: string;
  /** What they have in common, for the line that counts them: `ids that do not fit`. */
  readonly summary?: string | undefined;
  /** What the user can do about all of them: `--squash gives everything to 0:0`. */
  readonly remedy?: string | undefined;
}

interface Tally {
  readonly kind: ProblemKind;
  shown: number;
  left: number;
}

/**
 * Prints a line for each problem, the first ten of each kind; the rest is counted, so that one
 * cause that a thousand files share does not fill the screen.
 */
export class ProblemLines {
  private readonly write: (line: string) => void;
  private readonly options: ProblemLinesOptions;
  private readonly tallies = new Map<string, Tally>();

  /** @param write prints a line, which comes without a newline. */
  constructor(write: (line: string) => void, options: ProblemLinesOptions = {}) {
    this.write = write;
    this.options = options;
  }

  /** @param line made only if it is printed. */
  add(kind: ProblemKind, line: () => string): void {
    if (this.shows(kind)) this.write(line());
  }

  /** Counts a problem; true if the caller should print its line. */
  shows(kind: ProblemKind): boolean {
    const tally = this.tally(kind);
    const shows = this.options.all === true || tally.shown < SHOWN;
    if (shows) tally.shown += 1;
    else tally.left += 1;
    return shows;
  }

  /** Counts problems without printing lines. */
  leaveOut(kind: ProblemKind, count: number): void {
    this.tally(kind).left += count;
  }

  /** Prints how many lines of each kind were left out. To be called once, when no more can come. */
  finish(): void {
    const { all = false, hint } = this.options;
    for (const { kind, left } of this.tallies.values()) {
      if (left === 0) continue;
      const what = kind.summary === undefined ? '' : `: ${kind.summary}`;
      const how = hint === undefined || all ? '' : ` (${hint})`;
      this.write(`and ${left} more${what}${how}`);
    }
  }

  /** The remedies for the problems so far, for the very last line; empty if none is known. */
  remedies(): string[] {
    const known = [...this.tallies.values()].map(({ kind }) => kind.remedy);
    return [...new Set(known.filter((remedy) => remedy !== undefined))];
  }

  private tally(kind: ProblemKind): Tally {
    let tally = this.tallies.get(kind.key);
    if (tally === undefined) this.tallies.set(kind.key, (tally = { kind, shown: 0, left: 0 }));
    return tally;
  }
}

/** Options for commands with --json, which prints everything. */
export function allWithJson({ json }: { readonly json: boolean }): ProblemLinesOptions {
  return { all: json, hint: '--json lists all' };
}

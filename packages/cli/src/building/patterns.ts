import { compileGlobs, type PathMatcher } from 'cramfs-reader/glob';
import type { Problem } from 'mkcramfs';

/** Globs of an option, which remember whether they have matched. */
export class Patterns {
  private readonly patterns: readonly {
    readonly origin: string;
    readonly glob: string;
    readonly matches: PathMatcher;
  }[];
  private readonly unused: Set<number>;

  /**
   * @param globs with the option or file that each comes from.
   * @throws CramfsError BAD_REQUEST for a bad glob.
   */
  constructor(globs: readonly (readonly [origin: string, glob: string])[]) {
    this.patterns = globs.map(([origin, glob]) => ({
      origin,
      glob,
      matches: compileGlobs([glob]),
    }));
    this.unused = new Set(this.patterns.keys());
  }

  /** Whether any of them matches; all that do are used. */
  readonly matches = (path: string): boolean => {
    for (const index of this.unused) {
      if (this.patterns[index]!.matches(path)) this.unused.delete(index);
    }
    return this.patterns.some(({ matches }) => matches(path));
  };

  /** A warning for each glob that matched nothing: most likely it is mistyped. */
  problems(): Problem[] {
    return [...this.unused].map((index) => {
      const { origin, glob } = this.patterns[index]!;
      return {
        severity: 'warning',
        kind: 'unused',
        path: '/',
        message: `${origin} '${glob}' matches nothing`,
      };
    });
  }
}

/**
 * The globs in a file for --exclude-from: one per line, without the white space around it; empty lines and
 * those that start with `#` are ignored, and so is `./` at the start, as find(1) prints it.
 */
export function parseGlobFile(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => (line.startsWith('./') ? line.slice(1) : line));
}

import type { Allowance, BuildOptions, ModeRule, OwnerRule } from 'mkcramfs';

/** What `--allow` takes: what the format has no room for, and files that cannot be read. */
export type Leave = Allowance | 'skip-unreadable';

export type Compression = 'none' | 'gz' | 'zst';

/** A build as `cramfs build` and the drop-in mkcramfs ask for it. */
export interface BuildRequest {
  /** A directory, a tar, or `-` for a tar on standard input. */
  readonly source: string;
  readonly output: string;
  readonly image: Omit<BuildOptions, 'insert' | 'onProblem' | 'onProgress' | 'strict'>;
  /** File whose bytes go between the superblock and the root directory. */
  readonly insert: string | undefined;
  readonly deviceTables: readonly string[];
  readonly squash: boolean;
  readonly owners: readonly OwnerRule[];
  readonly modes: readonly ModeRule[];
  /** Globs of what to leave out. */
  readonly exclude: readonly string[];
  /** Files with such globs. */
  readonly excludeFrom: readonly string[];
  /** Globs that files should match, with their options. */
  readonly filePatterns: readonly (readonly [option: string, glob: string])[];
  /** Options that do nothing, and why. */
  readonly idle: readonly string[];
  readonly allow: ReadonlySet<Leave>;
  /** Fail, and write nothing, if there are warnings. */
  readonly warningsAreErrors: boolean;
  /** Print a line for every problem, also for the hundredth of its kind. */
  readonly listAll: boolean;
  readonly workers: number | undefined;
  readonly compression: Compression;
  /** Size of the erase blocks of the partition that the image is for. */
  readonly eraseSize: number | undefined;
  /** Print nothing but problems. */
  readonly quiet: boolean;
}

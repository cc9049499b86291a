import type { Allowance, BuildOptions, ModeRule, OwnerRule } from 'mkcramfs';
import type { CacheOptions } from 'mkcramfs/node';
import type { CramfsImage } from 'cramfs-reader';
import type { ChangeRequest } from './changes.js';
import type { SpliceRequest } from './splice.js';
import type { PlannedBuild } from '../planning/planned-build.js';

/** What `--allow` takes: what the format has no room for, and files that cannot be read. */
export type Leave = Allowance | 'skip-unreadable';

export type Compression = 'none' | 'gz' | 'zst';

/** A tree to make an image of, and the form of the image. */
export interface SourceRequest {
  /** A directory, a tar, or `-` for a tar on standard input. */
  readonly source: string;
  /** A file that is being written, which may be in the directory; undefined: none. */
  readonly output: string | undefined;
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
  readonly workers: number | undefined;
  /** The image that `source` is, if it is one. */
  readonly sourceImage?: CramfsImage | undefined;
  /** Changes of single entries. */
  readonly changes?: readonly ChangeRequest[] | undefined;
  /** Print a line for every problem, even the hundredth of its kind. */
  readonly listAll: boolean;
}

/** A build as `cramfs build` and the drop-in mkcramfs ask for it. */
export interface BuildRequest extends SourceRequest {
  readonly output: string;
  /** Fail, and write nothing, if there are warnings. */
  readonly warningsAreErrors: boolean;
  /** The source of what runs in place, if not `image.xip`. */
  readonly planned: PlannedBuild | undefined;
  /** Where compressed blocks are kept for the next build. */
  readonly cache: CacheOptions | undefined;
  /** Inserted bytes of the image that this one is to be like. */
  readonly likeInsert?: Uint8Array | undefined;
  /** The firmware that the image goes into. */
  readonly splice?: SpliceRequest | undefined;
  /** Other files that are read. */
  readonly inputs?: readonly string[] | undefined;
  readonly compression: Compression;
  /** Size of the erase blocks of the partition that the image is for. */
  readonly eraseSize: number | undefined;
  /** Print nothing but problems. */
  readonly quiet: boolean;
}

import type { ImagePool } from '../threads/image-pool.js';
import type { DamagePolicy } from './write-content.js';
import type { ExtractProblem } from './problems.js';

export interface ExtractOptions {
  /** What to extract: see SelectOptions. Default: everything. */
  paths?: readonly string[] | undefined;
  /** Set owners and groups. Default: if root. */
  preserveOwner?: boolean | undefined;
  /** Keep setuid and setgid bits of files. Default: if root and owners are set. */
  setuid?: boolean | undefined;
  /** Make device nodes, which only root can. Default: if root. */
  devices?: 'create' | 'skip' | undefined;
  /** Replace existing files (never directories); default false: they are errors. */
  force?: boolean | undefined;
  /** What happens to a file with a damaged block; default `remove`. */
  damage?: DamagePolicy | undefined;
  /** Most bytes that files may take on the disk, holes not counted; default 4 GiB. */
  maxBytes?: number | undefined;
  /** Most entries that the image may have; default 500,000. */
  maxEntries?: number | undefined;
  /** Threads in addition to the calling one. Default: as many as pay. */
  workers?: number | undefined;
  /** Used in place of threads of this extraction's own: see startPoolFor(). The caller closes it. */
  pool?: ImagePool | undefined;
  /** Ends the extraction: files being written are completed, no others are started. */
  signal?: AbortSignal | undefined;
  /** Called now and then with the bytes of content written so far. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface ExtractReport {
  /** What was made; directories that existed are not counted. */
  readonly directories: number;
  readonly files: number;
  readonly symlinks: number;
  /** Device nodes and fifos. */
  readonly nodes: number;
  /** Bytes of these files, holes included. */
  readonly bytes: number;
  /** Everything that was not extracted exactly as in the image. */
  readonly problems: readonly ExtractProblem[];
}

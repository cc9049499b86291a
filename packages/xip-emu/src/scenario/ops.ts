import type { Machine } from '../machine.js';
import type { Process } from '../process.js';

/** What an ID of a scenario stands for: a range of addresses, whatever is mapped there now. */
export interface Mapping {
  readonly id: string;
  readonly address: number;
  /** Bytes, as asked for. */
  readonly length: number;
  /** True once a munmap of the ID, or of a part of it, has succeeded. */
  unmapped: boolean;
}

/** Operations that use the addresses of an ID. */
export type RangeOperation =
  'touch' | 'sum' | 'munmap' | 'mprotect' | 'madvise' | 'msync' | 'mincore' | 'mremap';

export interface RangeUse {
  readonly op: RangeOperation;
  readonly mapping: Mapping;
  /** Bytes from the mapping's start. */
  readonly offset: number;
  readonly length: number;
  /** A store, for `touch`. */
  readonly write: boolean;
}

/** Further fields of a record. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * The seam between the scenario runner and the two kinds of kernel: how a record names addresses
 * and pages, and what the recording agent did not do. One object per scenario.
 */
export interface ScenarioOps {
  readonly machine: Machine;
  /** Where relative paths start, such as /rom. */
  readonly root: string;
  /** Called before each operation, with what to call it in a diagnosis. */
  before?(process: Process, operation: string): void;
  /** The `addr` field of mmap and mremap. */
  addressField(process: Process, mapping: Mapping): string;
  /** A skip-... word if the agent did not perform the operation. */
  skip(process: Process, use: RangeUse): string | undefined;
  /** Fields of a `maps` record. */
  maps(process: Process): Fields;
  /** Fields of `pages ID`. */
  pages(process: Process, mapping: Mapping): Fields;
  /** The value of one ID in the `all` field of `pages *`. */
  pagesOf(process: Process, mapping: Mapping): unknown;
  /**
   * Runs a program in a child of `process`; returns its x-... records and the fields of exec-end.
   *
   * @throws SyscallError, the errno of execve.
   */
  exec(
    process: Process,
    path: string,
  ): { readonly records: readonly Fields[]; readonly end: Fields };
  /** Unmounts everything after the last process is gone; returns the fields of scenario-end. */
  finish(): Fields;
}

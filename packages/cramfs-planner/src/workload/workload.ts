import type { CramfsImage } from 'cramfs-reader';
import type { ArchitectureName, KernelConfig, LoaderName, PolicyName, RamPages } from 'xip-emu';
import type { Profile } from '../profile/profile.js';

/** A program to run `count` times at once. Paths and arguments are byte strings. */
export interface ProgramRuns {
  readonly count: number;
  readonly argv: readonly [path: string, ...args: string[]];
}

/** The kernel and the board that are emulated. */
export interface PlanKernel {
  readonly arch: (image: CramfsImage, path: string) => ArchitectureName;
  readonly config?: Partial<KernelConfig> | undefined;
  readonly policy?: PolicyName | undefined;
  /** Bus address of image byte 0. */
  readonly physAddr: number;
}

/** What runs, and what it touches. */
export interface Workload {
  /** Empty: the read-only parts of all programs and libraries are mapped, each once. */
  readonly runs: readonly ProgramRuns[];
  /**
   * `all`: every mapped page; `start`: what kernel and loader touch at the start. Pages of profiles are
   * touched in addition.
   */
  readonly touched: 'all' | 'start';
  readonly profiles: readonly Profile[];
  readonly loader?: LoaderName | 'auto' | undefined;
  /** LD_LIBRARY_PATH: directories, byte strings. */
  readonly libraryPath?: readonly string[] | undefined;
}

export function totalPages({ private: own, cache }: RamPages): number {
  return own + cache;
}

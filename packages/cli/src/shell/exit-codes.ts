/** The exit codes of every tool of this package; the fsck and mkfs conventions where they apply. */
export const EXIT = {
  ok: 0,
  /**
   * `diff` or `run --expect` found differences, `map --require` a file that is not fully mappable,
   * `map --simulate` one that the emulator maps differently, `exec` a program that does not start
   * or takes too much RAM.
   */
  differs: 1,
  /** A check found errors in the file system (fsck: "errors left uncorrected"). */
  uncorrected: 4,
  /** An operation failed: a file cannot be read, an image is damaged, a build is refused. */
  failed: 8,
  /** The command line makes no sense. */
  usage: 16,
  /** Interrupted by SIGINT, as a shell reports it. */
  interrupted: 130,
  /** Ended by SIGTERM. */
  terminated: 143,
} as const;

/** The exit code of an executed program, passed on: `cramfs exec --run`. */
export type ProgramExit = number & { readonly ofProgram: unique symbol };

/** @param status 0 to 255 */
export function programExit(status: number): ProgramExit {
  return status as ProgramExit;
}

export type ExitCode = (typeof EXIT)[keyof typeof EXIT] | ProgramExit;

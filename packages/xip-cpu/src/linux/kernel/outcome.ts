/** A system call that waits. */
export interface Blocked {
  /** What the call waits for, for the report of a deadlock. */
  readonly waits: string;
  /** Tries again. @returns the result, or undefined if it still waits. @throws SyscallError. */
  attempt(): number | undefined;
  /** When the wait ends, in nanoseconds of the monotonic clock. */
  readonly deadline?: number | undefined;
  /** Returns when what it waits for will happen by itself, if a timer makes it happen. */
  readonly wakes?: (() => number | undefined) | undefined;
  /** Returns the result at the deadline. Default: 0. @throws SyscallError. */
  readonly expired?: (() => number) | undefined;
  /**
   * Whether the call is restarted after a handler with SA_RESTART (ERESTARTSYS); if not, it is
   * EINTR.
   */
  readonly restarts: boolean;
  /** Whether signals have to wait until the call is over. */
  readonly uninterruptible?: boolean | undefined;
  /** Called when a signal has ended the wait. Returns the result if part of the call was done. */
  readonly interrupted?: (() => number | undefined) | undefined;
  /** Whether it waits for something outside the machine, so that this is not a deadlock. */
  readonly outside?: boolean | undefined;
}

/**
 * The result of a call that has set the registers itself, such as execve(2) and sigreturn(2), or
 * that does not return.
 */
export const REGISTERS_SET = Symbol('registers set');

/** The outcome of a system call: its result, at least 0, or its wait. Errors are thrown. */
export type Outcome = number | Blocked | typeof REGISTERS_SET;

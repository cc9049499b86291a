/** A system call that waits. */
export interface Blocked {
  /** What for, as a report of a deadlock names it. */
  readonly waits: string;
  /** Tries again. @returns the result; undefined: not yet. @throws SyscallError. */
  attempt(): number | undefined;
  /** When it gives up, in nanoseconds of the monotonic clock. */
  readonly deadline?: number | undefined;
  /** The result when the deadline has come. Default: 0. @throws SyscallError. */
  readonly expired?: (() => number) | undefined;
  /** Restarted after a signal whose handler has SA_RESTART (ERESTARTSYS); else EINTR. */
  readonly restarts: boolean;
  /** Signals are left for later. */
  readonly uninterruptible?: boolean | undefined;
  /** Called when a signal has ended it: what was done so far is the result, if it gives any. */
  readonly interrupted?: (() => number | undefined) | undefined;
  /** It waits for what comes from outside of the machine: no deadlock. */
  readonly outside?: boolean | undefined;
}

/** The call has set the registers itself: execve(2), sigreturn(2), or it does not return. */
export const REGISTERS_SET = Symbol('registers set');

/** What a system call gives: its result, at least 0, or what it waits for. Errors are thrown. */
export type Outcome = number | Blocked | typeof REGISTERS_SET;

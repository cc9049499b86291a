/** A timer that the kernel runs, in nanoseconds of the monotonic clock. */
export interface KernelTimer {
  /** When it expires next; undefined: it is not set. */
  readonly due: number | undefined;
  /** Called when it is due. The next expiry is later than `now` then. */
  expire(now: number): void;
}

const NANOSECONDS = 1_000_000_000;

/**
 * The clock of a machine that runs programs. Each instruction takes the same time; if all processes
 * sleep, the clock skips to the moment when the first of them wakes up. So every run takes the same
 * time. Times are nanoseconds.
 */
export class VirtualClock {
  /** The time that an instruction takes. */
  readonly perInstruction: number;
  /** CLOCK_REALTIME at the start, in seconds. */
  private readonly epoch: number;
  private readonly executed: () => number;
  private skipped = 0;

  constructor(executed: () => number, perInstruction: number, epoch: number) {
    this.executed = executed;
    this.perInstruction = perInstruction;
    this.epoch = epoch;
  }

  /** CLOCK_MONOTONIC: the time since the start. */
  get now(): number {
    return this.executed() * this.perInstruction + this.skipped;
  }

  /** CLOCK_REALTIME, in seconds and nanoseconds. */
  get realtime(): { readonly sec: number; readonly nsec: number } {
    const { now } = this;
    return { sec: this.epoch + Math.floor(now / NANOSECONDS), nsec: now % NANOSECONDS };
  }

  /** Converts a time of CLOCK_REALTIME to the monotonic clock. */
  fromRealtime(time: number): number {
    return time - this.epoch * NANOSECONDS;
  }

  /** Sets the clock to `time`: all processes sleep until then. */
  skipTo(time: number): void {
    const { now } = this;
    if (time > now) this.skipped += time - now;
  }

  /** Returns the number of instructions until `time`. */
  instructionsUntil(time: number): number {
    return Math.max(0, Math.ceil((time - this.now) / this.perInstruction));
  }

  /** Returns the time in seconds, for the times of files. */
  seconds(): number {
    return this.realtime.sec;
  }
}

const NANOSECONDS = 1_000_000_000;

/**
 * The time of a machine whose programs run: each instruction takes the same time, and when all
 * processes sleep it goes on to the moment when the first of them wakes up. So a run takes the same
 * time whenever it is repeated. Times are nanoseconds.
 */
export class VirtualClock {
  /** What an instruction takes. */
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

  /** CLOCK_MONOTONIC: since the start. */
  get now(): number {
    return this.executed() * this.perInstruction + this.skipped;
  }

  /** CLOCK_REALTIME as seconds and nanoseconds. */
  get realtime(): { readonly sec: number; readonly nsec: number } {
    const { now } = this;
    return { sec: this.epoch + Math.floor(now / NANOSECONDS), nsec: now % NANOSECONDS };
  }

  /** A moment of CLOCK_REALTIME on the monotonic clock. */
  fromRealtime(time: number): number {
    return time - this.epoch * NANOSECONDS;
  }

  /** All sleep until `time`. */
  skipTo(time: number): void {
    const { now } = this;
    if (time > now) this.skipped += time - now;
  }

  /** How many instructions there are until `time`. */
  instructionsUntil(time: number): number {
    return Math.max(0, Math.ceil((time - this.now) / this.perInstruction));
  }

  /** For the times of files. */
  seconds(): number {
    return this.realtime.sec;
  }
}

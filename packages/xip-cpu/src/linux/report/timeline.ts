/** The memory in use at a moment of a run. */
export interface Sample {
  /** Instructions executed. */
  readonly instructions: number;
  /** Pages of RAM in use, those of the page cache included. */
  readonly ramPages: number;
  /** Distinct pages of ROM that programs have used so far. */
  readonly romPages: number;
  readonly processes: number;
}

/** When twice as many samples are kept, every second one is dropped. */
const KEPT = 16;

/** Memory over time. A long run has as many samples as a short one. */
export class Timeline {
  private samples: Sample[] = [];
  private interval = 1;
  private due = 0;

  /** Offers a sample. It is kept if enough time has passed since the last one. */
  offer(sample: Sample): void {
    if (sample.instructions < this.due) return;
    this.samples.push(sample);
    if (this.samples.length > 2 * KEPT) {
      this.samples = this.samples.filter((_, index) => index % 2 === 0);
      this.interval = Math.max(1, Math.ceil(sample.instructions / KEPT));
    }
    this.due = sample.instructions + this.interval;
  }

  /** Returns the samples in order, and the last one. */
  finish(last: Sample): Sample[] {
    const before = this.samples.filter(({ instructions }) => instructions < last.instructions);
    const step = Math.max(1, Math.ceil(before.length / KEPT));
    return [...before.filter((_, index) => index % step === 0), last];
  }
}

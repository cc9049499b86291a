/** Pseudo-random numbers that are the same on every machine: sfc32, seeded by two numbers. */
export class Random {
  private a: number;
  private b: number;
  private c = 0;
  private counter = 1;

  /** Streams of one seed are independent of each other: one for each mutant. */
  constructor(seed: number, stream: number) {
    this.a = seed | 0;
    this.b = stream | 0;
    for (let round = 0; round < 12; round += 1) this.u32();
  }

  /** Uniform from 0 to 2^32 - 1. */
  u32(): number {
    const result = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + result) | 0;
    return result >>> 0;
  }

  /** Uniform from 0 to `limit` - 1; 0 if there is nothing to choose from. */
  below(limit: number): number {
    return limit < 1 ? 0 : this.u32() % limit;
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  /** @throws RangeError if there is nothing to pick from. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('nothing to pick from');
    return items[this.below(items.length)]!;
  }

  /** One of `items`, or undefined if there are none. */
  maybe<T>(items: readonly T[]): T | undefined {
    return items[this.below(items.length)];
  }
}

/**
 * Random numbers of a machine, the same in every run with the same seed. SplitMix64 is good enough
 * for programs that only need different numbers, but not for secrets.
 */
export class SeededRandom {
  private state: bigint;
  private ready: boolean;

  /** @param isReady false if nothing has given the kernel entropy since its start. */
  constructor(seed: number, isReady = true) {
    this.state = BigInt(seed);
    this.ready = isReady;
  }

  /**
   * Whether numbers are good enough for callers that require it:
   * drivers/char/random.c:crng_ready().
   */
  get isReady(): boolean {
    return this.ready;
  }

  /** try_to_generate_entropy(): makes the numbers good, a moment later. */
  gatherEntropy(): void {
    this.ready = true;
  }

  private next(): bigint {
    this.state = BigInt.asUintN(64, this.state + 0x9e3779b97f4a7c15n);
    let mixed = this.state;
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n);
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
    return mixed ^ (mixed >> 31n);
  }

  fill(into: Uint8Array): void {
    for (let at = 0; at < into.length; at += 8) {
      let bits = this.next();
      for (let byte = at; byte < Math.min(at + 8, into.length); byte += 1) {
        into[byte] = Number(bits & 0xffn);
        bits >>= 8n;
      }
    }
  }
}

const FIRST_CAPACITY = 1024;

/** A growing array of u32, several times smaller than an array of objects. */
export class Column {
  length = 0;
  private values = new Uint32Array(FIRST_CAPACITY);

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = new Uint32Array(this.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length] = value;
    this.length += 1;
  }

  /** @param index below `length`. */
  at(index: number): number {
    return this.values[index]!;
  }

  /** A view that is valid until the next push. */
  borrow(from = 0, to = this.length): Uint32Array {
    return this.values.subarray(from, to);
  }
}

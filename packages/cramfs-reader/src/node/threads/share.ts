/**
 * Work in items, which threads take one after the other. It is in memory that all of them share.
 */
export interface Share {
  readonly items: number;
  /** One word: the number of items taken, or more. */
  readonly taken: Int32Array<SharedArrayBuffer>;
}

/** A flag that one thread sets for all. */
export type Flag = Int32Array<SharedArrayBuffer>;

/** Returns memory for {@link Share.taken}, or for a flag that is not set. */
export function sharedWord(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

/** Returns a copy in memory that all threads share. */
export function sharedColumn(values: ArrayLike<number>): Uint32Array<SharedArrayBuffer> {
  const buffer = new SharedArrayBuffer(values.length * Uint32Array.BYTES_PER_ELEMENT);
  const column = new Uint32Array(buffer);
  column.set(values);
  return column;
}

export function raise(flag: Flag): void {
  Atomics.store(flag, 0, 1);
}

/**
 * Yields the items of a share that no other thread takes, until there are no more or `stopped` is
 * set.
 */
export function* takeItems({ items, taken }: Share, stopped: Flag): Generator<number, undefined> {
  while (Atomics.load(stopped, 0) === 0) {
    const item = Atomics.add(taken, 0, 1);
    if (item >= items) return;
    yield item;
  }
}

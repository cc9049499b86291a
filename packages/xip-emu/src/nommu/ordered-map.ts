/** Entries of a chunk before it is split in two: long enough to be rare, short enough to shift. */
const CHUNK = 256;

interface Chunk<V> {
  readonly keys: number[];
  readonly values: V[];
}

/**
 * Values in the order of their numeric keys: sorted arrays of bounded length, one after another,
 * so that a lookup takes two binary searches and an insertion moves few entries, however many
 * there are.
 */
export class OrderedMap<V> {
  private readonly chunks: Chunk<V>[] = [];

  private count = 0;

  get size(): number {
    return this.count;
  }

  get(key: number): V | undefined {
    const chunk = this.chunks[this.chunkOf(key)];
    if (chunk === undefined) return undefined;
    const at = lowerBound(chunk.keys, key);
    return chunk.keys[at] === key ? chunk.values[at] : undefined;
  }

  /** Stores a value, replacing one with the same key. */
  set(key: number, value: V): void {
    const index = this.chunkOf(key);
    const chunk = this.chunks[index];
    if (chunk === undefined) {
      this.chunks.push({ keys: [key], values: [value] });
      this.count = 1;
      return;
    }
    const at = lowerBound(chunk.keys, key);
    if (chunk.keys[at] === key) {
      chunk.values[at] = value;
      return;
    }
    chunk.keys.splice(at, 0, key);
    chunk.values.splice(at, 0, value);
    this.count += 1;
    if (chunk.keys.length > CHUNK) {
      const half = CHUNK / 2;
      this.chunks.splice(index + 1, 0, {
        keys: chunk.keys.splice(half),
        values: chunk.values.splice(half),
      });
    }
  }

  /** True if there was such a key. */
  delete(key: number): boolean {
    const index = this.chunkOf(key);
    const chunk = this.chunks[index];
    if (chunk === undefined) return false;
    const at = lowerBound(chunk.keys, key);
    if (chunk.keys[at] !== key) return false;
    chunk.keys.splice(at, 1);
    chunk.values.splice(at, 1);
    if (chunk.keys.length === 0) this.chunks.splice(index, 1);
    this.count -= 1;
    return true;
  }

  /** The value of the greatest key that is not above `key`. */
  floor(key: number): V | undefined {
    const chunk = this.chunks[this.chunkOf(key)];
    if (chunk === undefined) return undefined;
    const at = lowerBound(chunk.keys, key);
    return chunk.keys[at] === key ? chunk.values[at] : chunk.values[at - 1];
  }

  /** The value of the smallest key above `key`. */
  higher(key: number): V | undefined {
    const index = this.chunkOf(key);
    const chunk = this.chunks[index];
    if (chunk === undefined) return undefined;
    const at = lowerBound(chunk.keys, key);
    const next = chunk.keys[at] === key ? at + 1 : at;
    return next < chunk.values.length ? chunk.values[next] : this.chunks[index + 1]?.values[0];
  }

  /** Yields the values in the order of the keys; the map must not change meanwhile. */
  *values(): IterableIterator<V> {
    for (const chunk of this.chunks) yield* chunk.values;
  }

  /** The last chunk that starts at or below `key`, else the first. */
  private chunkOf(key: number): number {
    let low = 0;
    let high = this.chunks.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.chunks[middle]!.keys[0]! <= key) low = middle;
      else high = middle;
    }
    return low;
  }
}

/** Index of the first key that is not below `key`. */
function lowerBound(keys: readonly number[], key: number): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

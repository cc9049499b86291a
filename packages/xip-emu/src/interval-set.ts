import { invariant } from './errno.js';

/** A half-open range. */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

/** Intervals per chunk before it is split. */
const CHUNK_LIMIT = 128;

/** Neighbouring intervals, and the largest gap below any of them. */
interface Chunk<T> {
  readonly items: T[];
  /** Largest free range that ends where an item of the chunk starts; -1: not known. */
  gap: number;
}

/**
 * Ordered ranges that do not overlap, in chunks below one sorted table of their starts: every
 * operation costs O(log n) and a move of at most {@link CHUNK_LIMIT} references. Stands for the
 * maple tree of Linux; merging and splitting are the caller's policy.
 */
export class IntervalSet<T extends Interval> {
  size = 0;
  private readonly chunks: Chunk<T>[] = [{ items: [], gap: -1 }];
  /** Start of each chunk's first item; the first one is -Infinity. */
  private readonly starts: number[] = [-Infinity];

  /** The item that holds `at`, or else the first one above. */
  find(at: number): T | undefined {
    let index = this.chunkOf(at);
    const { items } = this.chunks[index]!;
    const slot = firstEndingAbove(items, at);
    if (slot < items.length) return items[slot];
    do index += 1;
    while (index < this.chunks.length && this.chunks[index]!.items.length === 0);
    return this.chunks[index]?.items[0];
  }

  /** The last item that starts below `at`. */
  findBefore(at: number): T | undefined {
    let index = this.chunkOf(at);
    const { items } = this.chunks[index]!;
    let slot = firstEndingAbove(items, at);
    if (slot < items.length && items[slot]!.start < at) return items[slot];
    slot -= 1;
    while (slot < 0 && index > 0) {
      index -= 1;
      slot = this.chunks[index]!.items.length - 1;
    }
    return this.chunks[index]!.items[slot];
  }

  insert(item: T): void {
    const index = this.chunkOf(item.start);
    const chunk = this.chunks[index]!;
    const { items } = chunk;
    const slot = firstEndingAbove(items, item.start);
    if (slot === items.length) items.push(item);
    else items.splice(slot, 0, item);
    this.size += 1;
    this.changed(index, slot);
    if (items.length > CHUNK_LIMIT) this.splitChunk(index);
  }

  remove(item: T): void {
    const index = this.chunkOf(item.start);
    const chunk = this.chunks[index]!;
    const slot = firstEndingAbove(chunk.items, item.start);
    invariant(chunk.items[slot] === item, 'an interval that is not in the set');
    chunk.items.splice(slot, 1);
    this.size -= 1;
    if (chunk.items.length === 0 && this.chunks.length > 1) {
      this.chunks.splice(index, 1);
      this.starts.splice(index, 1);
      this.starts[0] = -Infinity;
      if (index < this.chunks.length) this.chunks[index]!.gap = -1;
    } else {
      this.changed(index, slot);
    }
  }

  /**
   * Tells that `item` is about to get other bounds, which leave the order as it is; `apply` sets
   * them.
   */
  resize(item: T, apply: () => void): void {
    const index = this.chunkOf(item.start);
    apply();
    const { items } = this.chunks[index]!;
    if (items[0] === item && index > 0) this.starts[index] = item.start;
    this.changed(index, items.length - 1);
  }

  /**
   * The highest `start` of a free range of `length` with `low <= start` and `start + length <=
   * high`, or undefined.
   */
  highestGap(low: number, high: number, length: number): number | undefined {
    let top = high;
    let index = this.chunkOf(high);
    for (; index >= 0; index -= 1) {
      const chunk = this.chunks[index]!;
      const { items } = chunk;
      if (items.length === 0) continue;
      const whole = items[items.length - 1]!.end <= top;
      if (whole && top - items[items.length - 1]!.end >= length) break;
      if (whole && this.gapOf(index) < length) {
        top = items[0]!.start;
        continue;
      }
      for (let slot = items.length - 1; slot >= 0; slot -= 1) {
        const { start, end } = items[slot]!;
        if (start >= high) continue;
        if (end <= top && top - end >= length) {
          return fits(top - length, Math.max(low, end));
        }
        top = Math.min(top, start);
      }
    }
    const below = index < 0 ? -Infinity : this.chunks[index]!.items.at(-1)!.end;
    return fits(top - length, Math.max(low, below));
  }

  *[Symbol.iterator](): Generator<T> {
    for (const { items } of this.chunks) yield* items;
  }

  private gapOf(index: number): number {
    const chunk = this.chunks[index]!;
    if (chunk.gap >= 0) return chunk.gap;
    let below = index === 0 ? 0 : this.chunks[index - 1]!.items.at(-1)!.end;
    let gap = 0;
    for (const { start, end } of chunk.items) {
      gap = Math.max(gap, start - below);
      below = end;
    }
    chunk.gap = gap;
    return gap;
  }

  /** Forgets the gaps that an item at `slot` has to do with. */
  private changed(index: number, slot: number): void {
    const chunk = this.chunks[index]!;
    chunk.gap = -1;
    if (slot >= chunk.items.length - 1 && index + 1 < this.chunks.length) {
      this.chunks[index + 1]!.gap = -1;
    }
  }

  private splitChunk(index: number): void {
    const chunk = this.chunks[index]!;
    const items = chunk.items.splice(chunk.items.length >>> 1);
    chunk.gap = -1;
    this.chunks.splice(index + 1, 0, { items, gap: -1 });
    this.starts.splice(index + 1, 0, items[0]!.start);
  }

  /** The chunk whose items may hold `at`. */
  private chunkOf(at: number): number {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.starts[middle]! <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function fits(start: number, low: number): number | undefined {
  return start >= low ? start : undefined;
}

function firstEndingAbove(items: readonly Interval[], at: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (items[middle]!.end > at) high = middle;
    else low = middle + 1;
  }
  return low;
}

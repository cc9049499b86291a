import type { Emitter } from './emitter.js';

/** An instruction, or several that differ in few bits. */
export interface Encoding {
  readonly name: string;
  /** Bits from the highest down: 0, 1, and letters for fields. Spaces do not count. */
  readonly pattern: string;
  /** Writes the operations. Without it the instruction is known but not implemented. */
  readonly decode?: (emitter: Emitter, word: number) => void;
  /** Whether the instruction ignores the condition of an IT block. */
  readonly always?: boolean;
}

/** Returns `count` bits of a word, from bit `at` on. */
export function bits(word: number, at: number, count: number): number {
  return (word >>> at) & ((1 << count) - 1);
}

export function bit(word: number, at: number): boolean {
  return ((word >>> at) & 1) !== 0;
}

/** Sign-extends a field of `count` bits. */
export function signed(value: number, count: number): number {
  return (value << (32 - count)) >> (32 - count);
}

/** Returns the fixed bits of a pattern. */
export function compilePattern(pattern: string): { mask: number; value: number } {
  let mask = 0;
  let value = 0;
  for (const character of pattern) {
    if (character === ' ') continue;
    mask = (mask << 1) | (character === '0' || character === '1' ? 1 : 0);
    value = (value << 1) | (character === '1' ? 1 : 0);
  }
  return { mask, value };
}

/** Bits of an instruction: the lowest one, and their number. */
export type BitField = readonly [at: number, count: number];

/** The bits by which a table is split, combined in one number. */
class Selector {
  readonly count: number;
  private readonly high: BitField;
  private readonly low: BitField;

  constructor(high: BitField, low: BitField) {
    this.high = high;
    this.low = low;
    this.count = high[1] + low[1];
  }

  of(word: number): number {
    const { high, low } = this;
    return (bits(word, high[0], high[1]) << low[1]) | bits(word, low[0], low[1]);
  }
}

/** A table, split by the bits of its selector. */
interface Split {
  readonly masks: Int32Array;
  readonly values: Int32Array;
  /** By the value of the selector: numbers of encodings. */
  readonly lists: readonly (readonly number[])[];
}

/**
 * A list of encodings. The first that matches counts. `high` and `low` are the bits by which the list
 * is split into short ones, when its first instruction comes.
 */
export class EncodingTable {
  readonly encodings: readonly Encoding[];
  private readonly selector: Selector;
  private split: Split | undefined;

  constructor(encodings: readonly Encoding[], high: BitField, low: BitField = [0, 0]) {
    this.encodings = encodings;
    this.selector = new Selector(high, low);
  }

  find(word: number): Encoding | undefined {
    this.split ??= this.splitUp();
    const { masks, values, lists } = this.split;
    for (const number of lists[this.selector.of(word)]!) {
      if (((word ^ values[number]!) & masks[number]!) === 0) return this.encodings[number];
    }
    return undefined;
  }

  private splitUp(): Split {
    const { encodings, selector } = this;
    const masks = new Int32Array(encodings.length);
    const values = new Int32Array(encodings.length);
    const all = (1 << selector.count) - 1;
    const lists: number[][] = [];
    for (let selected = 0; selected <= all; selected += 1) lists.push([]);
    for (const [number, { pattern }] of encodings.entries()) {
      const { mask, value } = compilePattern(pattern);
      masks[number] = mask;
      values[number] = value;
      const free = all & ~selector.of(mask);
      // All sets of the bits that the pattern leaves open, from the full set to the empty one.
      for (let open = free; ; open = (open - 1) & free) {
        lists[selector.of(value) | open]!.push(number);
        if (open === 0) break;
      }
    }
    return { masks, values, lists };
  }
}

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

interface Compiled {
  readonly mask: number;
  readonly value: number;
  readonly encoding: Encoding;
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

/**
 * A list of encodings. The first that matches counts. `selector` names the bits by which the list
 * is split into short ones, each made when an instruction with these bits first comes.
 */
export class EncodingTable {
  readonly encodings: readonly Encoding[];
  private readonly selector: number;
  private readonly compiled: readonly Compiled[];
  private readonly short = new Map<number, readonly Compiled[]>();

  constructor(encodings: readonly Encoding[], selector: number) {
    this.encodings = encodings;
    this.selector = selector;
    this.compiled = encodings.map((encoding) => ({
      ...compilePattern(encoding.pattern),
      encoding,
    }));
  }

  find(word: number): Encoding | undefined {
    const selected = word & this.selector;
    let list = this.short.get(selected);
    if (list === undefined) {
      list = this.compiled.filter(
        ({ mask, value }) => ((selected ^ value) & mask & this.selector) === 0,
      );
      this.short.set(selected, list);
    }
    for (const { mask, value, encoding } of list) {
      if (((word ^ value) & mask) === 0) return encoding;
    }
    return undefined;
  }
}

import type { Endianness } from './endian.js';
import { ValueRangeError } from './errors.js';

/** One C bit-field: its name and its width in bits. The widths of a word add up to 32. */
export type BitField<Name extends string> = readonly [name: Name, width: number];
/** The bit-fields of one 32-bit word in the order of their declaration. */
export type BitFieldWord<Name extends string> = readonly BitField<Name>[];

/**
 * Splits a 32-bit word into its bit-fields, as C compilers lay them out: little-endian ABIs fill
 * from the least significant bit, big-endian ABIs from the most significant bit.
 */
export function unpackWord<Name extends string>(
  word: number,
  fields: BitFieldWord<Name>,
  endianness: Endianness,
  into: Record<Name, number>,
): void {
  let used = 0;
  for (const field of fields) {
    const width = field[1];
    const shift = endianness === 'little' ? used : 32 - used - width;
    into[field[0]] = (word >>> shift) & mask(width);
    used += width;
  }
}

/**
 * The inverse of {@link unpackWord}.
 *
 * @throws ValueRangeError if a value does not fit its field: truncating here would hide a caller's bug.
 */
export function packWord<Name extends string>(
  values: Readonly<Record<Name, number>>,
  fields: BitFieldWord<Name>,
  endianness: Endianness,
): number {
  let word = 0;
  let used = 0;
  for (const [name, width] of fields) {
    const value = values[name];
    if (!Number.isInteger(value) || value < 0 || value > mask(width)) {
      throw new ValueRangeError(`${name} ${value} does not fit ${width} bits`);
    }
    const shift = endianness === 'little' ? used : 32 - used - width;
    word = (word | (value << shift)) >>> 0;
    used += width;
  }
  return word;
}

/** A power would be a call, and every inode needs six of these. */
function mask(width: number): number {
  return 0xffffffff >>> (32 - width);
}

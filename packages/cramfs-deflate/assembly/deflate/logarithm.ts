/* Logarithms to base 2 as whole numbers, so that all machines agree on them. */

import { highestBit } from './memory';
import { setWord, word } from '../words';

/** The unit of costs is 1/256 of a bit. */
export const BIT: u32 = 256;

const FRACTIONS: usize = memory.data(4 * 256, 16);

export function makeLogarithms(): void {
  // Each fraction is the number of steps of 2^(1/256) that stay below it.
  let step: u32 = 0;
  for (let k: u32 = 0; k < 256; k++) {
    const target = 1.0 + <f64>k / 256.0;
    while (power(step) < target) step++;
    setWord(FRACTIONS, k, step);
  }
}

/** 2^(step / 256) */
function power(step: u32): f64 {
  let result: f64 = 1.0;
  let root: f64 = 2.0;
  for (let bit: u32 = 128; bit !== 0; bit >>= 1) {
    root = sqrt<f64>(root);
    if ((step & bit) !== 0) result *= root;
  }
  return (step & 256) !== 0 ? result * 2.0 : result;
}

/** 256 times the logarithm of a number above 0. */
@inline
export function logarithm(value: u32): u32 {
  const bit = highestBit(value);
  const mantissa = bit >= 8 ? value >> (bit - 8) : value << (8 - bit);
  return bit * BIT + word(FRACTIONS, mantissa & 255);
}

/*
 * Intermediate results: sign, exponent, and a significand whose highest bit is bit 62. The value is
 * significand * 2^(exponent - 62). The lowest bit also records whether anything below it was lost.
 */
import { FFLAGS } from '../../src/riscv/layout';

// fflags
export const NX: u32 = 1;
export const UF: u32 = 2;
export const OF: u32 = 4;
export const DZ: u32 = 8;
export const NV: u32 = 16;

// Rounding modes: to nearest, ties to even; toward zero; down; up; to nearest, ties away from zero.
export const RNE: u32 = 0;
export const RTZ: u32 = 1;
export const RDN: u32 = 2;
export const RUP: u32 = 3;
export const RMM: u32 = 4;

export function raise(flags: u32): void {
  store<u32>(FFLAGS, load<u32>(FFLAGS) | flags);
}

/** Shifts right; lost bits set the lowest bit. */
export function shiftRightJam(value: u64, by: u32): u64 {
  if (by == 0) return value;
  if (by > 63) return u64(value != 0);
  return (value >> by) | u64(value << (64 - by) != 0);
}

/** Returns the number to add before the `low` lowest bits are cut off. */
export function increment(sign: u32, mode: u32, low: u32): u64 {
  const half: u64 = 1 << (<u64>(low - 1));
  if (mode == RNE || mode == RMM) return half;
  return mode == (sign != 0 ? RDN : RUP) ? (half << 1) - 1 : 0;
}

/**
 * Rounds to a format with `fraction` bits and the exponents of `bias`, and raises the flags.
 * Tininess is detected after rounding, as the architecture requires.
 */
export function roundPack(
  sign: u32,
  exponent: i32,
  significand: u64,
  mode: u32,
  fraction: u32,
  bias: i32,
): u64 {
  const signBit = (<u64>sign) << (<u64>(bias == 1023 ? 63 : 31));
  if (significand == 0) return signBit;
  const low = 62 - fraction;
  const add = increment(sign, mode, low);
  const mask: u64 = (1 << (<u64>low)) - 1;
  const half: u64 = 1 << (<u64>(low - 1));
  let biased = exponent + bias;
  let value = significand;
  if (biased <= 0) {
    const tiny = biased < 0 || value + add < (<u64>1) << 63;
    value = shiftRightJam(value, <u32>(1 - biased));
    if (tiny && (value & mask) != 0) raise(UF);
    // If rounding sets the highest bit, it becomes the lowest bit of the exponent.
    biased = 0;
  }
  const rest = value & mask;
  if (rest != 0) raise(NX);
  value = (value + add) >> low;
  if (mode == RNE && rest == half) value &= ~1;
  if (biased > 0) {
    if (value >> (fraction + 1) != 0) {
      value >>= 1;
      biased += 1;
    }
    if (biased > 2 * bias) {
      raise(OF | NX);
      const infinite = mode == RNE || mode == RMM || mode == (sign != 0 ? RDN : RUP);
      return signBit | (((<u64>(2 * bias + 1)) << fraction) - u64(!infinite));
    }
    value &= ((<u64>1) << fraction) - 1;
  }
  return signBit | (((<u64>biased) << fraction) + value);
}

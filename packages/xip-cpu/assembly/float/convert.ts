/* Conversions between formats, and to and from integers. */

import {
  FINITE,
  INEXACT,
  INFINITE,
  INVALID,
  NAN,
  ZERO,
  exponent,
  infinity,
  isNaN,
  pack,
  raise,
  roundsUp,
  signOf,
  signed,
  significand,
  unpack,
} from './format';

/** Converts a number that is not NaN to another format. */
export function convert(from: u32, to: u32, bits: u64): u64 {
  const sign = signOf(from, bits);
  const kind = unpack(from, bits);
  if (kind == INFINITE) return infinity(to, sign);
  return kind == ZERO ? signed(to, sign, 0) : pack(to, sign, exponent, significand);
}

/** Converts an integer, given as sign and magnitude, times 2^-fraction. */
export function fromInteger(to: u32, sign: u32, magnitude: u64, fraction: i32): u64 {
  if (magnitude == 0) return 0;
  const shift = clz<u64>(magnitude);
  return pack(to, sign, 63 - <i32>shift - fraction, magnitude << shift);
}

/**
 * Returns the integer of `bits` bits nearest to a number times 2^fraction, in the rounding mode. A
 * number that is too large gives the largest integer, NaN gives 0, and both are invalid.
 */
export function toInteger(from: u32, value: u64, fraction: i32, bits: u32, isSigned: bool): u64 {
  const sign = signOf(from, value);
  const largest: u64 = isSigned ? (<u64>1 << <u64>(bits - 1)) - 1 : (<u64>-1 >> <u64>(64 - bits));
  const lowest: u64 = isSigned ? ~largest : 0;
  const kind = unpack(from, value);
  if (kind == ZERO) return 0;
  if (kind == NAN) {
    raise(INVALID);
    return 0;
  }
  const top = exponent + fraction;
  if (kind == INFINITE || top > 63) {
    raise(INVALID);
    return sign != 0 ? lowest : largest;
  }
  let kept: u64 = 0;
  let part: u64 = significand;
  if (top == 63) {
    kept = significand;
    part = 0;
  } else if (top >= 0) {
    kept = significand >> <u64>(63 - top);
    part = significand << <u64>(top + 1);
  } else if (top < -1) {
    part = 1;
  }
  if (roundsUp(sign, kept, part, 0x8000000000000000)) kept++;
  const limit: u64 = sign != 0 ? 0 - lowest : largest;
  if (kept > limit) {
    raise(INVALID);
    return sign != 0 ? lowest : largest;
  }
  if (part != 0) raise(INEXACT);
  return sign != 0 ? 0 - kept : kept;
}

/** Rounds a number that is not NaN to an integer, as a number. */
export function roundToIntegral(format: u32, value: u64, exact: bool): u64 {
  const sign = signOf(format, value);
  const kind = unpack(format, value);
  if (kind != FINITE) return kind == ZERO ? signed(format, sign, 0) : value;
  if (exponent >= <i32>format) return value;
  const kept: u64 = exponent < 0 ? 0 : significand >> <u64>(63 - exponent);
  const part: u64 =
    exponent >= 0 ? significand << <u64>(exponent + 1) : exponent == -1 ? significand : 1;
  if (part != 0 && exact) raise(INEXACT);
  const rounded = kept + <u64>roundsUp(sign, kept, part, 0x8000000000000000);
  if (rounded == 0) return signed(format, sign, 0);
  const shift = clz<u64>(rounded);
  return pack(format, sign, 63 - <i32>shift, rounded << shift);
}

/**
 * Compares two numbers: -1 less, 0 equal, 1 greater, 2 unordered. The sign of a zero does not
 * count.
 */
export function compare(format: u32, a: u64, b: u64): i32 {
  const zeroA = unpack(format, a) == ZERO;
  const zeroB = unpack(format, b) == ZERO;
  if (isNaN(format, a) || isNaN(format, b)) return 2;
  const signA = zeroA ? 0 : signOf(format, a);
  const signB = zeroB ? 0 : signOf(format, b);
  if (signA != signB) return signA != 0 ? -1 : 1;
  const magnitudeA: u64 = zeroA ? 0 : a;
  const magnitudeB: u64 = zeroB ? 0 : b;
  if (magnitudeA == magnitudeB) return 0;
  return magnitudeA < magnitudeB == (signA == 0) ? -1 : 1;
}

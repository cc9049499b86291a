import { NV, NX, RMM, RNE, increment, raise, roundPack, shiftRightJam } from './round';
import { canonicalNan, exponentOf, isNan, isSignaling, significandOf } from './parts';

// Comparisons.
export const FEQ: u32 = 0;
export const FLT: u32 = 1;
export const FLE: u32 = 2;

/** Changes the format. It rounds if the new one is smaller. */
export function convertFormat(
  x: u64,
  mode: u32,
  fraction: u32,
  bias: i32,
  toFraction: u32,
  toBias: i32,
): u64 {
  if (isNan(x, fraction, bias)) {
    if (isSignaling(x, fraction, bias)) raise(NV);
    return canonicalNan(toFraction, toBias);
  }
  const sign = (<u32>(x >> (<u64>(fraction == 52 ? 63 : 31)))) & 1;
  if (((x >> fraction) & (2 * bias + 1)) == 2 * bias + 1) {
    return (
      ((<u64>sign) << (<u64>(toFraction == 52 ? 63 : 31))) | ((<u64>(2 * toBias + 1)) << toFraction)
    );
  }
  return roundPack(
    sign,
    exponentOf(x, fraction, bias),
    significandOf(x, fraction, bias),
    mode,
    toFraction,
    toBias,
  );
}

export function fromInteger(sign: u32, magnitude: u64, mode: u32, fraction: u32, bias: i32): u64 {
  if (magnitude == 0) return 0;
  const zeros = <u32>clz(magnitude);
  const significand = zeros == 0 ? shiftRightJam(magnitude, 1) : magnitude << (zeros - 1);
  return roundPack(sign, 63 - zeros, significand, mode, fraction, bias);
}

/**
 * Rounds to an integer between two limits; the lower limit is 0 for unsigned integers.
 *
 * @returns its bits; for a number outside the limits the nearest one, with NV.
 */
export function toInteger(
  x: u64,
  mode: u32,
  fraction: u32,
  bias: i32,
  lowest: i64,
  highest: u64,
): u64 {
  const sign = (<u32>(x >> (<u64>(fraction == 52 ? 63 : 31)))) & 1;
  const special = ((x >> fraction) & (2 * bias + 1)) == 2 * bias + 1;
  if (isNan(x, fraction, bias)) {
    raise(NV);
    return highest;
  }
  const exponent = exponentOf(x, fraction, bias);
  if (special || exponent > 63) {
    raise(NV);
    return sign != 0 ? lowest : highest;
  }
  const significand = significandOf(x, fraction, bias);
  if (significand == 0) return 0;
  let magnitude: u64;
  let inexact = false;
  if (exponent >= 62) magnitude = significand << (exponent - 62);
  else {
    // At least one bit is cut off; below 1/2 only the sticky bit is left.
    const low = exponent < -1 ? 62 : <u32>(62 - exponent);
    const value = exponent < -1 ? <u64>1 : significand;
    if (low == 63) {
      // The number is from 1/2 to 1.
      inexact = true;
      const more = significand > (<u64>1) << 62;
      const up = mode == RMM || (mode == RNE && more) || increment(sign, mode, 2) == 3;
      magnitude = u64(up);
    } else {
      const mask: u64 = (1 << (<u64>low)) - 1;
      const rest = value & mask;
      inexact = rest != 0;
      magnitude = (value + increment(sign, mode, low)) >> low;
      if (mode == RNE && rest == (<u64>1) << (low - 1)) magnitude &= ~1;
    }
  }
  const limit: u64 = sign != 0 ? -lowest : highest;
  if (magnitude > limit) {
    raise(NV);
    return sign != 0 ? lowest : highest;
  }
  if (inexact) raise(NX);
  return sign != 0 ? -magnitude : magnitude;
}

/** Returns the bits as an integer in the order of the numbers; both zeros are equal. */
function ordered(x: u64, fraction: u32): i64 {
  const value: i64 = fraction == 52 ? x : <i64>(<i32>x);
  return value < 0 ? (fraction == 52 ? i64.MIN_VALUE : <i64>i32.MIN_VALUE) - value : value;
}

export function compare(x: u64, y: u64, which: u32, fraction: u32, bias: i32): u64 {
  if (isNan(x, fraction, bias) || isNan(y, fraction, bias)) {
    if (which != FEQ || isSignaling(x, fraction, bias) || isSignaling(y, fraction, bias)) raise(NV);
    return 0;
  }
  const a = ordered(x, fraction),
    b = ordered(y, fraction);
  return u64(which == FEQ ? a == b : which == FLT ? a < b : a <= b);
}

/**
 * minimumNumber() and maximumNumber() of IEEE 754-2019: NaN is the result only if both are NaN, and
 * -0 is below 0.
 */
export function minMax(x: u64, y: u64, wantsMax: bool, fraction: u32, bias: i32): u64 {
  if (isSignaling(x, fraction, bias) || isSignaling(y, fraction, bias)) raise(NV);
  const xNan = isNan(x, fraction, bias),
    yNan = isNan(y, fraction, bias);
  if (xNan) return yNan ? canonicalNan(fraction, bias) : y;
  if (yNan) return x;
  const a = ordered(x, fraction),
    b = ordered(y, fraction);
  const sign = <u64>(fraction == 52 ? 63 : 31);
  const xIsLess = a == b ? ((x >> sign) & 1) != 0 : a < b;
  return xIsLess != wantsMax ? x : y;
}

/**
 * Returns one bit of ten: -inf, -normal, -subnormal, -0, +0, +subnormal, +normal, +inf, signaling
 * NaN, quiet NaN.
 */
export function classify(x: u64, fraction: u32, bias: i32): u64 {
  if (isNan(x, fraction, bias)) return isSignaling(x, fraction, bias) ? 1 << 8 : 1 << 9;
  const negative = ((x >> (<u64>(fraction == 52 ? 63 : 31))) & 1) != 0;
  const exponent = (x >> fraction) & (2 * bias + 1);
  const rest = x & (((<u64>1) << fraction) - 1);
  const size: u64 = exponent == 2 * bias + 1 ? 3 : exponent != 0 ? 2 : rest != 0 ? 1 : 0;
  return (<u64>1) << (negative ? 3 - size : 4 + size);
}

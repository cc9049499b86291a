/* Sum, product, quotient, root and fused sum of numbers that are not NaN. */

import {
  DIVIDE_BY_ZERO,
  DOWN,
  FINITE,
  INFINITE,
  INVALID,
  ZERO,
  defaultNaN,
  exponent,
  infinity,
  pack,
  raise,
  rounding,
  shiftJamming,
  signOf,
  signed,
  significand,
  unpack,
} from './format';

function invalid(format: u32): u64 {
  raise(INVALID);
  return defaultNaN(format);
}

/** Returns the zero that is the difference of two equal numbers. */
function cancelled(format: u32): u64 {
  return signed(format, rounding == DOWN ? 1 : 0, 0);
}

export function add(format: u32, a: u64, b: u64): u64 {
  const classA = unpack(format, a);
  const exponentA = exponent;
  const significandA = significand;
  const classB = unpack(format, b);
  const signA = signOf(format, a);
  const signB = signOf(format, b);
  if (classA == INFINITE) {
    return classB == INFINITE && signA != signB ? invalid(format) : a;
  }
  if (classB == INFINITE) return b;
  if (classA == ZERO && classB == ZERO) {
    return signA == signB ? signed(format, signA, 0) : cancelled(format);
  }
  if (classB == ZERO) return pack(format, signA, exponentA, significandA);
  if (classA == ZERO) return pack(format, signB, exponent, significand);
  return addFinite(format, signA, exponentA, significandA, signB, exponent, significand);
}

function addFinite(
  format: u32,
  signA: u32,
  exponentA: i32,
  significandA: u64,
  signB: u32,
  exponentB: i32,
  significandB: u64,
): u64 {
  const swap = exponentA < exponentB || (exponentA == exponentB && significandA < significandB);
  const sign = swap ? signB : signA;
  const large = (swap ? significandB : significandA) >> 1;
  const exponentLarge = swap ? exponentB : exponentA;
  const distance = swap ? exponentB - exponentA : exponentA - exponentB;
  const small = shiftJamming((swap ? significandA : significandB) >> 1, distance);
  const sum = signA == signB ? large + small : large - small;
  if (sum == 0) return cancelled(format);
  const shift = clz<u64>(sum);
  return pack(format, sign, exponentLarge + 1 - <i32>shift, sum << shift);
}

/** The upper 64 bits of a product. */
export function multiplyHigh(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const middle = aHigh * bLow + ((aLow * bLow) >> 32);
  const other = aLow * bHigh + (middle & 0xffffffff);
  return aHigh * bHigh + (middle >> 32) + (other >> 32);
}

export function multiply(format: u32, a: u64, b: u64): u64 {
  const classA = unpack(format, a);
  const exponentA = exponent;
  const significandA = significand;
  const classB = unpack(format, b);
  const sign = signOf(format, a) ^ signOf(format, b);
  if (classA == INFINITE || classB == INFINITE) {
    return classA == ZERO || classB == ZERO ? invalid(format) : infinity(format, sign);
  }
  if (classA == ZERO || classB == ZERO) return signed(format, sign, 0);
  const low = significandA * significand;
  const high = multiplyHigh(significandA, significand) | <u64>(low != 0);
  const shift = clz<u64>(high);
  return pack(format, sign, exponentA + exponent + 1 - <i32>shift, high << shift);
}

export function divide(format: u32, a: u64, b: u64): u64 {
  const classA = unpack(format, a);
  const exponentA = exponent;
  const significandA = significand;
  const classB = unpack(format, b);
  const sign = signOf(format, a) ^ signOf(format, b);
  if (classA == INFINITE) return classB == INFINITE ? invalid(format) : infinity(format, sign);
  if (classB == INFINITE) return signed(format, sign, 0);
  if (classB == ZERO) {
    if (classA == ZERO) return invalid(format);
    raise(DIVIDE_BY_ZERO);
    return infinity(format, sign);
  }
  if (classA == ZERO) return signed(format, sign, 0);
  // Divide bit by bit. The first bit may be 0; then 63 are left, which is enough.
  const divisor = significand;
  let rest = significandA;
  let quotient: u64 = 0;
  let carried = false;
  for (let i = 0; i < 64; i++) {
    quotient <<= 1;
    if (carried || rest >= divisor) {
      rest -= divisor;
      quotient |= 1;
    }
    carried = rest >> 63 != 0;
    rest <<= 1;
  }
  if (rest != 0 || carried) quotient |= 1;
  const shift = clz<u64>(quotient);
  return pack(format, sign, exponentA - exponent - <i32>shift, quotient << shift);
}

export function squareRoot(format: u32, a: u64): u64 {
  const kind = unpack(format, a);
  const sign = signOf(format, a);
  if (kind == ZERO) return signed(format, sign, 0);
  if (sign != 0) return invalid(format);
  if (kind == INFINITE) return a;
  // Make the exponent even: then 1 <= radicand < 4, with two bits before the point.
  const odd = exponent & 1;
  const half = (exponent - odd) >> 1;
  let radicand = odd ? significand : significand >> 1;
  let rest: u64 = 0;
  let root: u64 = 0;
  for (let i = 0; i < 60; i++) {
    rest = (rest << 2) | (radicand >> 62);
    radicand <<= 2;
    const trial = (root << 2) | 1;
    root <<= 1;
    if (rest >= trial) {
      rest -= trial;
      root |= 1;
    }
  }
  return pack(format, 0, half, (root << 4) | <u64>(rest != 0));
}

/** Returns the addend + a * b, rounded once. */
export function multiplyAdd(format: u32, addend: u64, a: u64, b: u64): u64 {
  const classC = unpack(format, addend);
  const exponentC = exponent;
  const significandC = significand;
  const classA = unpack(format, a);
  const exponentA = exponent;
  const significandA = significand;
  const classB = unpack(format, b);
  const signC = signOf(format, addend);
  const sign = signOf(format, a) ^ signOf(format, b);
  if (classA == INFINITE || classB == INFINITE) {
    if (classA == ZERO || classB == ZERO) return invalid(format);
    if (classC == INFINITE && signC != sign) return invalid(format);
    return infinity(format, sign);
  }
  if (classC == INFINITE) return addend;
  if (classA == ZERO || classB == ZERO) {
    if (classC == FINITE) return pack(format, signC, exponentC, significandC);
    return sign == signC ? signed(format, sign, 0) : cancelled(format);
  }
  let high = multiplyHigh(significandA, significand);
  let low = significandA * significand;
  let exponentP = exponentA + exponent + 1;
  if (high >> 63 == 0) {
    high = (high << 1) | (low >> 63);
    low <<= 1;
    exponentP--;
  }
  if (classC == ZERO) return pack(format, sign, exponentP, high | <u64>(low != 0));
  return addWide(format, sign, exponentP, high, low, signC, exponentC, significandC);
}

/** Adds a product of 128 bits and a number of 64. */
function addWide(
  format: u32,
  sign: u32,
  exponentP: i32,
  high: u64,
  low: u64,
  signC: u32,
  exponentC: i32,
  significandC: u64,
): u64 {
  const ofProduct =
    exponentP > exponentC || (exponentP == exponentC && high >= significandC);
  const distance = ofProduct ? exponentP - exponentC : exponentC - exponentP;
  // Leave one bit for the carry; the bit that the product loses is kept in the lowest bit.
  let largeHigh: u64 = ofProduct ? high : significandC;
  let largeLow: u64 = ofProduct ? low : 0;
  let smallHigh: u64 = ofProduct ? significandC : high;
  let smallLow: u64 = ofProduct ? 0 : low;
  largeLow = (largeLow >> 1) | (largeHigh << 63) | (largeLow & 1);
  largeHigh >>= 1;
  smallLow = (smallLow >> 1) | (smallHigh << 63) | (smallLow & 1);
  smallHigh >>= 1;
  if (distance >= 64) {
    smallLow = shiftJamming(smallHigh, distance - 64) | <u64>(smallLow != 0);
    smallHigh = 0;
  } else if (distance > 0) {
    const lost = (smallLow << <u64>(64 - distance)) != 0;
    smallLow = (smallLow >> <u64>distance) | (smallHigh << <u64>(64 - distance)) | <u64>lost;
    smallHigh >>= <u64>distance;
  }
  if (sign == signC) {
    largeLow += smallLow;
    largeHigh += smallHigh + <u64>(largeLow < smallLow);
  } else {
    const borrow = <u64>(largeLow < smallLow);
    largeLow -= smallLow;
    largeHigh -= smallHigh + borrow;
  }
  if ((largeHigh | largeLow) == 0) return cancelled(format);
  let exponentR = (ofProduct ? exponentP : exponentC) + 1;
  if (largeHigh == 0) {
    largeHigh = largeLow;
    largeLow = 0;
    exponentR -= 64;
  }
  const shift = clz<u64>(largeHigh);
  if (shift != 0) {
    largeHigh = (largeHigh << shift) | (largeLow >> (64 - shift));
    largeLow <<= shift;
  }
  return pack(format, ofProduct ? sign : signC, exponentR - <i32>shift, largeHigh | <u64>(largeLow != 0));
}

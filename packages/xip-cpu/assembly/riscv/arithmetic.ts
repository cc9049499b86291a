import {
  canonicalNan,
  exponentOf,
  infinity,
  isInfinite,
  isNan,
  isSignaling,
  signOf,
  significandOf,
  zero,
} from './parts';
import { mulhu } from './integer';
import { DZ, NV, RDN, raise, roundPack, shiftRightJam } from './round';

/** Returns the result of an operation on a NaN. */
function nanOf(x: u64, y: u64, fraction: u32, bias: i32): u64 {
  if (isSignaling(x, fraction, bias) || isSignaling(y, fraction, bias)) raise(NV);
  return canonicalNan(fraction, bias);
}

function invalid(fraction: u32, bias: i32): u64 {
  raise(NV);
  return canonicalNan(fraction, bias);
}

export function add(x: u64, y: u64, mode: u32, fraction: u32, bias: i32): u64 {
  if (isNan(x, fraction, bias) || isNan(y, fraction, bias)) return nanOf(x, y, fraction, bias);
  const xSign = signOf(x, bias),
    ySign = signOf(y, bias);
  if (isInfinite(x, fraction, bias)) {
    return isInfinite(y, fraction, bias) && xSign != ySign ? invalid(fraction, bias) : x;
  }
  if (isInfinite(y, fraction, bias)) return y;
  let a = significandOf(x, fraction, bias),
    b = significandOf(y, fraction, bias);
  if (b == 0) return a == 0 && xSign != ySign ? zero(u32(mode == RDN), bias) : x;
  if (a == 0) return y;
  let e = exponentOf(x, fraction, bias);
  const f = exponentOf(y, fraction, bias);
  let sign = xSign;
  if (e < f || (e == f && a < b)) {
    const s = a;
    a = b;
    b = shiftRightJam(s, <u32>(f - e));
    e = f;
    sign = ySign;
  } else {
    b = shiftRightJam(b, <u32>(e - f));
  }
  if (xSign == ySign) {
    const sum = a + b;
    return sum >> 63 != 0
      ? roundPack(sign, e + 1, shiftRightJam(sum, 1), mode, fraction, bias)
      : roundPack(sign, e, sum, mode, fraction, bias);
  }
  const difference = a - b;
  if (difference == 0) return zero(u32(mode == RDN), bias);
  const shift = <i32>clz(difference) - 1;
  return roundPack(sign, e - shift, difference << shift, mode, fraction, bias);
}

export function multiply(x: u64, y: u64, mode: u32, fraction: u32, bias: i32): u64 {
  if (isNan(x, fraction, bias) || isNan(y, fraction, bias)) return nanOf(x, y, fraction, bias);
  const sign = signOf(x, bias) ^ signOf(y, bias);
  const a = significandOf(x, fraction, bias),
    b = significandOf(y, fraction, bias);
  if (isInfinite(x, fraction, bias) || isInfinite(y, fraction, bias)) {
    const hasZero =
      (a == 0 && !isInfinite(x, fraction, bias)) || (b == 0 && !isInfinite(y, fraction, bias));
    return hasZero ? invalid(fraction, bias) : infinity(sign, fraction, bias);
  }
  if (a == 0 || b == 0) return zero(sign, bias);
  const exponent = exponentOf(x, fraction, bias) + exponentOf(y, fraction, bias);
  // The highest bit of the product is bit 124 or 125.
  const high = mulhu(a, b),
    low = a * b;
  if (high >> 61 != 0) {
    return roundPack(
      sign,
      exponent + 1,
      (high << 1) | (low >> 63) | u64(low << 1 != 0),
      mode,
      fraction,
      bias,
    );
  }
  return roundPack(
    sign,
    exponent,
    (high << 2) | (low >> 62) | u64(low << 2 != 0),
    mode,
    fraction,
    bias,
  );
}

export function divide(x: u64, y: u64, mode: u32, fraction: u32, bias: i32): u64 {
  if (isNan(x, fraction, bias) || isNan(y, fraction, bias)) return nanOf(x, y, fraction, bias);
  const sign = signOf(x, bias) ^ signOf(y, bias);
  if (isInfinite(x, fraction, bias)) {
    return isInfinite(y, fraction, bias) ? invalid(fraction, bias) : infinity(sign, fraction, bias);
  }
  if (isInfinite(y, fraction, bias)) return zero(sign, bias);
  const a = significandOf(x, fraction, bias),
    b = significandOf(y, fraction, bias);
  if (b == 0) {
    if (a == 0) return invalid(fraction, bias);
    raise(DZ);
    return infinity(sign, fraction, bias);
  }
  if (a == 0) return zero(sign, bias);
  let exponent = exponentOf(x, fraction, bias) - exponentOf(y, fraction, bias);
  // Divide digit by digit, from the highest bit of the quotient on.
  let rest = a;
  if (a < b) {
    rest <<= 1;
    exponent -= 1;
  }
  let quotient: u64 = 0;
  for (let bit = 0; bit < 63; bit += 1) {
    quotient <<= 1;
    if (rest >= b) {
      rest -= b;
      quotient |= 1;
    }
    rest <<= 1;
  }
  return roundPack(sign, exponent, quotient | u64(rest != 0), mode, fraction, bias);
}

export function squareRoot(x: u64, mode: u32, fraction: u32, bias: i32): u64 {
  if (isNan(x, fraction, bias)) return nanOf(x, x, fraction, bias);
  const a = significandOf(x, fraction, bias);
  const isZero = a == 0 && !isInfinite(x, fraction, bias);
  if (isZero) return x;
  if (signOf(x, bias) != 0) return invalid(fraction, bias);
  if (isInfinite(x, fraction, bias)) return x;
  const exponent = exponentOf(x, fraction, bias);
  // The root of a * 2^62, or of twice that, has its highest bit at 62. Each bit of the root takes
  // two of the radicand.
  const odd = exponent & 1;
  let high = odd != 0 ? a >> 1 : a >> 2;
  let low = odd != 0 ? a << 63 : a << 62;
  let root: u64 = 0;
  let rest: u64 = 0;
  // 128 bits of radicand give 64 bits of root, and the first of these is 0.
  for (let bit = 0; bit < 64; bit += 1) {
    // `rest` has 65 bits at the end, but only the last step needs the highest one.
    const top = rest >> 62;
    rest = (rest << 2) | (high >> 62);
    high = (high << 2) | (low >> 62);
    low <<= 2;
    const trial = (root << 2) | 1;
    root <<= 1;
    if (top != 0 || rest >= trial) {
      rest -= trial;
      root |= 1;
    }
  }
  return roundPack(0, (exponent - odd) >> 1, root | u64(rest != 0), mode, fraction, bias);
}

/** Returns x * y + z, rounded once. */
export function multiplyAdd(x: u64, y: u64, z: u64, mode: u32, fraction: u32, bias: i32): u64 {
  const a = significandOf(x, fraction, bias),
    b = significandOf(y, fraction, bias);
  const xInfinite = isInfinite(x, fraction, bias),
    yInfinite = isInfinite(y, fraction, bias);
  const anyNan = isNan(x, fraction, bias) || isNan(y, fraction, bias);
  // inf * 0 is invalid, whatever the addend is.
  const noProduct =
    !anyNan && ((xInfinite && b == 0 && !yInfinite) || (yInfinite && a == 0 && !xInfinite));
  if (noProduct || anyNan || isNan(z, fraction, bias)) {
    if (noProduct || isSignaling(z, fraction, bias)) raise(NV);
    return nanOf(x, y, fraction, bias);
  }
  const sign = signOf(x, bias) ^ signOf(y, bias),
    zSign = signOf(z, bias);
  if (xInfinite || yInfinite) {
    return isInfinite(z, fraction, bias) && zSign != sign
      ? invalid(fraction, bias)
      : infinity(sign, fraction, bias);
  }
  if (isInfinite(z, fraction, bias)) return z;
  const c = significandOf(z, fraction, bias);
  if (a == 0 || b == 0) {
    if (c == 0) return sign == zSign ? z : zero(u32(mode == RDN), bias);
    return z;
  }
  // Both have 128 bits: the product has its highest bit at 124 or 125, the addend at 124.
  let high = mulhu(a, b),
    low = a * b;
  let exponent = exponentOf(x, fraction, bias) + exponentOf(y, fraction, bias);
  let result = sign;
  if (c != 0) {
    let cHigh = c >> 2,
      cLow = c << 62;
    const distance = exponent - exponentOf(z, fraction, bias);
    if (distance > 0) {
      cLow = jamLow(cHigh, cLow, <u32>distance);
      cHigh = distance > 63 ? 0 : cHigh >> distance;
    } else if (distance < 0) {
      low = jamLow(high, low, <u32>-distance);
      high = -distance > 63 ? 0 : high >> -distance;
      exponent -= distance;
    }
    if (sign == zSign) {
      const sum = low + cLow;
      high += cHigh + u64(sum < low);
      low = sum;
    } else {
      if (high < cHigh || (high == cHigh && low < cLow)) {
        result = zSign;
        const borrow = u64(cLow < low);
        low = cLow - low;
        high = cHigh - high - borrow;
      } else {
        const borrow = u64(low < cLow);
        low -= cLow;
        high -= cHigh + borrow;
      }
      if ((high | low) == 0) return zero(u32(mode == RDN), bias);
    }
  }
  // Move the highest bit to bit 126.
  if (high == 0) {
    const zeros = clz(low);
    exponent -= 64 - 3 + <i32>zeros;
    return zeros == 0
      ? roundPack(result, exponent, shiftRightJam(low, 1), mode, fraction, bias)
      : roundPack(result, exponent, low << (zeros - 1), mode, fraction, bias);
  }
  const shift = clz(high) - 1;
  if (shift == 0)
    return roundPack(result, exponent + 2, high | u64(low != 0), mode, fraction, bias);
  const significand = (high << shift) | (low >> (64 - shift)) | u64(low << shift != 0);
  return roundPack(result, exponent + 2 - <i32>shift, significand, mode, fraction, bias);
}

/** Returns the lower half of 128 bits after a shift right; lost bits set the lowest bit. */
function jamLow(high: u64, low: u64, by: u32): u64 {
  if (by == 0) return low;
  if (by < 64) return (low >> by) | (high << (64 - by)) | u64(low << (64 - by) != 0);
  if (by == 64) return high | u64(low != 0);
  if (by < 128) return (high >> (by - 64)) | u64(low != 0 || high << (128 - by) != 0);
  return u64((high | low) != 0);
}

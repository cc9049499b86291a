/** The parts of a number in a format with `fraction` bits and `bias`. */

export function isNan(x: u64, fraction: u32, bias: i32): bool {
  const exponents = (<u64>(2 * bias + 1)) << fraction;
  return (x & exponents) == exponents && (x & (((<u64>1) << fraction) - 1)) != 0;
}

/** Whether a NaN is signaling: the highest bit of its fraction is clear. */
export function isSignaling(x: u64, fraction: u32, bias: i32): bool {
  return isNan(x, fraction, bias) && (x & ((<u64>1) << (fraction - 1))) == 0;
}

export function canonicalNan(fraction: u32, bias: i32): u64 {
  return ((<u64>(2 * bias + 1)) << fraction) | ((<u64>1) << (fraction - 1));
}

export function infinity(sign: u32, fraction: u32, bias: i32): u64 {
  return zero(sign, bias) | ((<u64>(2 * bias + 1)) << fraction);
}

export function zero(sign: u32, bias: i32): u64 {
  return (<u64>sign) << (<u64>(bias == 1023 ? 63 : 31));
}

export function signOf(x: u64, bias: i32): u32 {
  return (<u32>(x >> (<u64>(bias == 1023 ? 63 : 31)))) & 1;
}

export function isInfinite(x: u64, fraction: u32, bias: i32): bool {
  return (x & (((<u64>1) << (bias == 1023 ? 63 : 31)) - 1)) == (<u64>(2 * bias + 1)) << fraction;
}

/** Returns the exponent of the highest bit of a finite number. */
export function exponentOf(x: u64, fraction: u32, bias: i32): i32 {
  const biased = <i32>((x >> fraction) & (2 * bias + 1));
  if (biased != 0) return biased - bias;
  const rest = x & (((<u64>1) << fraction) - 1);
  return 1 - bias - (<i32>clz(rest) - <i32>(63 - fraction));
}

/** Returns the normalized significand of a finite number, whose highest bit is bit 62, or 0. */
export function significandOf(x: u64, fraction: u32, bias: i32): u64 {
  const rest = x & (((<u64>1) << fraction) - 1);
  if (((x >> fraction) & (2 * bias + 1)) != 0) {
    return (rest | ((<u64>1) << fraction)) << (62 - fraction);
  }
  return rest == 0 ? 0 : rest << (clz(rest) - 1);
}

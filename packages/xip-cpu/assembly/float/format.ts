/* IEEE 754 numbers of 16, 32 and 64 bits, taken apart and put together. */

/** The formats, named by the number of bits of the significand that are stored. */
export const F16: u32 = 10;
export const F32: u32 = 23;
export const F64: u32 = 52;

/** Exceptions, as in ARM's FPSCR. */
export const INVALID: u32 = 1;
export const DIVIDE_BY_ZERO: u32 = 2;
export const OVERFLOW: u32 = 4;
export const UNDERFLOW: u32 = 8;
export const INEXACT: u32 = 16;
export const INPUT_DENORMAL: u32 = 128;

/** Rounding modes; 0 to 3 are the same as in FPSCR. */
export const NEAREST: u32 = 0;
export const UP: u32 = 1;
export const DOWN: u32 = 2;
export const TO_ZERO: u32 = 3;
export const NEAREST_AWAY: u32 = 4;

/** The exceptions that have occurred. */
export let flags: u32 = 0;
export let rounding: u32 = NEAREST;
/** Whether denormals are flushed to zero: FPSCR.FZ. Does not apply to 16 bits. */
export let flush: bool = false;
/** Whether 16-bit numbers have neither infinity nor NaN: FPSCR.AHP. */
export let alternative: bool = false;

export function configure(direction: u32, flushing: bool, alternativeHalf: bool): void {
  flags = 0;
  rounding = direction;
  flush = flushing;
  alternative = alternativeHalf;
}

@inline
export function raise(exceptions: u32): void {
  flags |= exceptions;
}

/** Classes of numbers, as unpack() returns them. */
export const ZERO: u32 = 0;
export const FINITE: u32 = 1;
export const INFINITE: u32 = 2;
export const NAN: u32 = 3;

/**
 * The last number that unpack() has taken apart: significand * 2^(exponent - 63), with bit 63 of
 * the significand set.
 */
export let exponent: i32 = 0;
export let significand: u64 = 0;

@inline
export function biasOf(format: u32): i32 {
  return format == F64 ? 1023 : format == F32 ? 127 : 15;
}

@inline
export function highestExponent(format: u32): u32 {
  return (<u32>biasOf(format) << 1) + 1;
}

@inline
export function signOf(format: u32, bits: u64): u32 {
  const at: u64 = format == F64 ? 63 : format == F32 ? 31 : 15;
  return <u32>(bits >> at) & 1;
}

@inline
export function signed(format: u32, sign: u32, magnitude: u64): u64 {
  const at: u64 = format == F64 ? 63 : format == F32 ? 31 : 15;
  return (<u64>sign << at) | magnitude;
}

export function infinity(format: u32, sign: u32): u64 {
  return signed(format, sign, <u64>highestExponent(format) << <u64>format);
}

export function defaultNaN(format: u32): u64 {
  return infinity(format, 0) | (<u64>1 << <u64>(format - 1));
}

export function isNaN(format: u32, bits: u64): bool {
  return signed(format, 0, bits & ~signed(format, 1, 0)) > infinity(format, 0);
}

export function isSignaling(format: u32, bits: u64): bool {
  return isNaN(format, bits) && (bits & (<u64>1 << <u64>(format - 1))) == 0;
}

/** Takes a number apart. @returns its class. */
export function unpack(format: u32, bits: u64): u32 {
  const fraction = bits & ((<u64>1 << <u64>format) - 1);
  const biased = <u32>(bits >> <u64>format) & highestExponent(format);
  if (biased == highestExponent(format) && !(format == F16 && alternative)) {
    return fraction == 0 ? INFINITE : NAN;
  }
  if (biased != 0) {
    exponent = <i32>biased - biasOf(format);
    significand = ((<u64>1 << <u64>format) | fraction) << <u64>(63 - format);
    return FINITE;
  }
  if (fraction == 0) return ZERO;
  if (flush && format != F16) {
    raise(INPUT_DENORMAL);
    return ZERO;
  }
  const shift = clz<u64>(fraction);
  significand = fraction << shift;
  exponent = 1 - biasOf(format) + <i32>(63 - format) - <i32>shift;
  return FINITE;
}

/** Shifts right; bits shifted out set the lowest bit. */
export function shiftJamming(value: u64, by: i32): u64 {
  if (by <= 0) return value;
  if (by > 63) return <u64>(value != 0);
  const lost = value & ((<u64>1 << <u64>by) - 1);
  return (value >> <u64>by) | <u64>(lost != 0);
}

/** Whether the part below the last kept bit rounds the number away from zero. */
export function roundsUp(sign: u32, kept: u64, part: u64, half: u64): bool {
  if (part == 0) return false;
  switch (rounding) {
    case NEAREST:
      return part > half || (part == half && (kept & 1) != 0);
    case UP:
      return sign == 0;
    case DOWN:
      return sign != 0;
    case NEAREST_AWAY:
      return part >= half;
    default:
      return false;
  }
}

/**
 * Rounds significand * 2^(exponent - 63), with bit 63 set, to the format. Tininess is detected
 * before rounding.
 */
export function pack(format: u32, sign: u32, exponent: i32, significand: u64): u64 {
  const dropped = 63 - format;
  const mask: u64 = (<u64>1 << <u64>dropped) - 1;
  const half: u64 = <u64>1 << <u64>(dropped - 1);
  let biased = exponent + biasOf(format);
  const tiny = biased <= 0;
  if (tiny) {
    if (flush && format != F16) {
      raise(UNDERFLOW);
      return signed(format, sign, 0);
    }
    significand = shiftJamming(significand, 1 - biased);
    biased = 0;
  }
  const part = significand & mask;
  let kept = significand >> <u64>dropped;
  if (roundsUp(sign, kept, part, half)) kept++;
  // The leading one of a normal number's significand adds 1 to the exponent here.
  const magnitude = tiny ? kept : (<u64>(biased - 1) << <u64>format) + kept;
  if (format == F16 && alternative) {
    if (magnitude > 0x7fff) {
      raise(INVALID);
      return signed(format, sign, 0x7fff);
    }
  } else if (magnitude >= infinity(format, 0)) {
    raise(OVERFLOW | INEXACT);
    const toInfinity =
      rounding == NEAREST ||
      rounding == NEAREST_AWAY ||
      rounding == (sign != 0 ? DOWN : UP);
    return toInfinity ? infinity(format, sign) : infinity(format, sign) - 1;
  }
  if (part != 0) raise(tiny ? UNDERFLOW | INEXACT : INEXACT);
  return signed(format, sign, magnitude);
}

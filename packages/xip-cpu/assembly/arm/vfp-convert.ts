/* VFP: conversions, rounding, and the additions of ARMv8. */

import * as op from '../../src/arm/operations';
import { compare, convert, fromInteger, roundToIntegral, toInteger } from '../float/convert';
import {
  F16,
  F32,
  F64,
  INVALID,
  defaultNaN,
  isNaN,
  isSignaling,
  raise,
  signOf,
  signed,
} from '../float/format';
import {
  begin,
  beginRounding,
  chooseNaN,
  d32,
  d64,
  defaultNaNs,
  end,
  formatOf,
  m32,
  m64,
  n32,
  n64,
  operandD,
  operandM,
  operandN,
  quiet,
  setD32,
  setD64,
  setResult,
} from './float-registers';
import { FLOATS, FPSCR, aux, imm } from './state';

/** In the immediate of a conversion: use the rounding mode of FPSCR. */
const CURRENT: u32 = 5;

function start(direction: u32): void {
  if (direction == CURRENT) begin();
  else beginRounding(direction);
}

/** Converts a NaN to another format. The upper bits of its payload are kept. */
function convertNaN(from: u32, to: u32, bits: u64): u64 {
  const silent = quiet(from, bits);
  if (defaultNaNs()) return defaultNaN(to);
  const payload = silent & ((<u64>1 << <u64>from) - 1);
  const moved = from < to ? payload << <u64>(to - from) : payload >> <u64>(from - to);
  return signed(to, signOf(from, bits), defaultNaN(to) | moved);
}

export function between(from: u32, to: u32, bits: u64): u64 {
  const alternativeHalf = (load<u32>(FPSCR) & (1 << 26)) != 0;
  if (from == F16 && alternativeHalf) return convert(from, to, bits);
  if (isNaN(from, bits)) {
    if (to != F16 || !alternativeHalf) return convertNaN(from, to, bits);
    // The format has no NaN.
    raise(INVALID);
    return signed(F16, signOf(from, bits), 0);
  }
  if (to == F16 && alternativeHalf && (bits << (from == F64 ? 1 : 33)) >> (from == F64 ? 53 : 56) == (from == F64 ? 0x7ff : 0xff)) {
    raise(INVALID);
    return signed(F16, signOf(from, bits), 0x7fff);
  }
  return convert(from, to, bits);
}

/** Converts to an integer of 32 bits. aux is 1 for unsigned; the immediate is the rounding mode. */
function integer(p: usize, format: u32): void {
  start(imm(p));
  setD32(p, <u32>toInteger(format, operandM(p, format), 0, 32, aux(p) == 0));
  end();
}

function fromWord(p: usize, format: u32): void {
  begin();
  const m = m32(p);
  const sign = aux(p) == 0 ? m >> 31 : 0;
  const magnitude: u32 = sign ? 0 - m : m;
  setResult(p, format, fromInteger(format, sign, <u64>magnitude, 0));
  end();
}

/**
 * Converts to fixed point. aux is 1 for unsigned, 2 for 16 bits; the immediate is the number of
 * fraction bits. Rounds to zero.
 */
function toFixed(p: usize, format: u32): void {
  beginRounding(3);
  const short = (aux(p) & 2) != 0;
  const isSigned = (aux(p) & 1) == 0;
  const value = toInteger(format, operandD(p, format), <i32>imm(p), short ? 16 : 32, isSigned);
  end();
  if (short) setResult(p, format, isSigned ? <u64>(<i64>(<i16>value)) : value & 0xffff);
  else setResult(p, format, isSigned ? <u64>(<i64>(<i32>value)) : value & 0xffffffff);
}

/** Converts from fixed point. Rounds to nearest. */
function fromFixed(p: usize, format: u32): void {
  beginRounding(0);
  const short = (aux(p) & 2) != 0;
  const raw = <u32>operandD(p, format);
  let value: i64;
  if (aux(p) & 1) value = short ? <i64>(raw & 0xffff) : <i64>raw;
  else value = short ? <i64>(<i16>raw) : <i64>(<i32>raw);
  const sign: u32 = value < 0 ? 1 : 0;
  setResult(p, format, fromInteger(format, sign, <u64>(sign ? -value : value), <i32>imm(p)));
  end();
}

@inline
function halfM(p: usize): u64 {
  return <u64>load<u16>(<usize>load<u8>(p, 4), FLOATS);
}

@inline
function setHalf(p: usize, bits: u64): void {
  store<u16>(<usize>load<u8>(p, 2), <u16>bits, FLOATS);
}

/** Rounds to an integer. The immediate has the rounding mode, and whether "inexact" is raised. */
function round(p: usize, format: u32): void {
  start(imm(p) & 7);
  const m = operandM(p, format);
  const exact = (imm(p) & 8) != 0;
  setResult(p, format, isNaN(format, m) ? quiet(format, m) : roundToIntegral(format, m, exact));
  end();
}

function isQuiet(format: u32, bits: u64): bool {
  return isNaN(format, bits) && !isSignaling(format, bits);
}

function extreme(p: usize, format: u32, largest: bool): void {
  begin();
  const n = operandN(p, format);
  const m = operandM(p, format);
  setResult(p, format, number(format, n, m, largest));
  end();
}

/** maxNum and minNum: of a number and a quiet NaN, the number is the result. */
function number(format: u32, n: u64, m: u64, largest: bool): u64 {
  if (isQuiet(format, n) && !isNaN(format, m)) return flushed(format, m);
  if (isQuiet(format, m) && !isNaN(format, n)) return flushed(format, n);
  if (isNaN(format, n) || isNaN(format, m)) return chooseNaN(format, n, m);
  return extremeOf(format, n, m, largest);
}

@inline
function flushed(format: u32, bits: u64): u64 {
  return extremeOf(format, bits, bits, true);
}

/** Returns the larger or smaller of two numbers that are not NaN; +0 is larger than -0. */
export function extremeOf(format: u32, n: u64, m: u64, largest: bool): u64 {
  const order = compare(format, n, m);
  const nIsLarger = order > 0 || (order == 0 && signOf(format, n) == 0);
  const chosen = nIsLarger == largest ? n : m;
  // A denormal that is flushed to zero becomes zero.
  return convert(format, format, chosen);
}

export function vfpConvert(p: usize, what: i32): void {
  switch (what) {
    case op.VCVT_F64_F32:
      begin();
      setD64(p, between(F32, F64, <u64>m32(p)));
      end();
      break;
    case op.VCVT_F32_F64:
      begin();
      setD32(p, <u32>between(F64, F32, m64(p)));
      end();
      break;
    case op.VCVT_INT_F32:
    case op.VCVT_INT_F64:
      integer(p, formatOf(what));
      break;
    case op.VCVT_F32_INT:
    case op.VCVT_F64_INT:
      fromWord(p, formatOf(what));
      break;
    case op.VCVT_FIXED_F32:
    case op.VCVT_FIXED_F64:
      toFixed(p, formatOf(what));
      break;
    case op.VCVT_F32_FIXED:
    case op.VCVT_F64_FIXED:
      fromFixed(p, formatOf(what));
      break;
    case op.VCVT_F32_F16:
      begin();
      setD32(p, <u32>between(F16, F32, halfM(p)));
      end();
      break;
    case op.VCVT_F16_F32:
      begin();
      setHalf(p, between(F32, F16, <u64>m32(p)));
      end();
      break;
    case op.VCVT_F64_F16:
      begin();
      setD64(p, between(F16, F64, halfM(p)));
      end();
      break;
    case op.VCVT_F16_F64:
      begin();
      setHalf(p, between(F64, F16, m64(p)));
      end();
      break;
    case op.VRINT_F32:
    case op.VRINT_F64:
      round(p, formatOf(what));
      break;
    case op.VMAXNM_F32:
    case op.VMAXNM_F64:
      extreme(p, formatOf(what), true);
      break;
    case op.VMINNM_F32:
    case op.VMINNM_F64:
      extreme(p, formatOf(what), false);
      break;
    default:
      unreachable();
  }
}

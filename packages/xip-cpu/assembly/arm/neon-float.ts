/*
 * Advanced SIMD on singles. Whatever FPSCR says, it rounds to nearest, flushes denormals to zero,
 * and returns the default NaN.
 */

import * as op from '../../src/arm/operations';
import { add, multiply, multiplyAdd } from '../float/arithmetic';
import { compare, convert, fromInteger, toInteger } from '../float/convert';
import {
  DIVIDE_BY_ZERO,
  F16,
  F32,
  INFINITE,
  INVALID,
  NAN,
  NEAREST,
  TO_ZERO,
  UNDERFLOW,
  ZERO,
  alternative,
  configure,
  defaultNaN,
  isNaN,
  isSignaling,
  raise,
  signed,
  unpack,
} from '../float/format';
import { end } from './float-registers';
import {
  OUT,
  bytesOf,
  finish,
  isUnsigned,
  vectorD,
  vectorM,
  vectorN,
} from './neon-registers';
import { FPSCR, imm } from './state';
import { extremeOf } from './vfp-convert';

const SIGN: u32 = 0x80000000;

function begin(direction: u32): void {
  configure(direction, true, (load<u32>(FPSCR) & (1 << 26)) != 0);
}

function nanOf(a: u32, b: u32): u32 {
  unpack(F32, a);
  unpack(F32, b);
  if (isSignaling(F32, a) || isSignaling(F32, b)) raise(INVALID);
  return <u32>defaultNaN(F32);
}

@inline
function eitherNaN(a: u32, b: u32): bool {
  return isNaN(F32, a) || isNaN(F32, b);
}

function sum(a: u32, b: u32): u32 {
  return eitherNaN(a, b) ? nanOf(a, b) : <u32>add(F32, a, b);
}

function product(a: u32, b: u32): u32 {
  return eitherNaN(a, b) ? nanOf(a, b) : <u32>multiply(F32, a, b);
}

function negated(a: u32): u32 {
  return isNaN(F32, a) ? a : a ^ SIGN;
}

function fused(d: u32, n: u32, m: u32): u32 {
  if (!isNaN(F32, d) && !eitherNaN(n, m)) return <u32>multiplyAdd(F32, d, n, m);
  const nan = nanOf(n, m);
  if (isSignaling(F32, d)) raise(INVALID);
  unpack(F32, d);
  if (!eitherNaN(n, m)) {
    const classN = unpack(F32, n);
    const classM = unpack(F32, m);
    if (classN + classM == ZERO + INFINITE && classN != classM) raise(INVALID);
  }
  return nan;
}

function largest(a: u32, b: u32, wantLargest: bool): u32 {
  return eitherNaN(a, b) ? nanOf(a, b) : <u32>extremeOf(F32, a, b, wantLargest);
}

/** Whether the product is infinity by zero, for which a step returns a constant. */
function isUndefined(n: u32, m: u32): bool {
  if (eitherNaN(n, m)) return false;
  const classN = unpack(F32, n);
  const classM = unpack(F32, m);
  return (classN == INFINITE && classM == ZERO) || (classN == ZERO && classM == INFINITE);
}

/** Returns 2 - N * M. */
function reciprocalStep(n: u32, m: u32): u32 {
  return isUndefined(n, m) ? 0x40000000 : sum(0x40000000, negated(product(n, m)));
}

/** Returns (3 - N * M) / 2. */
function rootStep(n: u32, m: u32): u32 {
  if (isUndefined(n, m)) return 0x3fc00000;
  return product(sum(0x40400000, negated(product(n, m))), 0x3f000000);
}

/** RecipEstimate(), for 256 to 511, in units of 1/512 as the result. */
function reciprocal(a: u32): u32 {
  return ((1 << 19) / (a * 2 + 1) + 1) >> 1;
}

/** RecipSqrtEstimate(), for 128 to 511. */
function reciprocalRoot(a: u32): u32 {
  const x: u32 = a < 256 ? a * 2 + 1 : ((a >> 1) * 2 + 1) * 2;
  let b: u32 = 512;
  while (x * (b + 1) * (b + 1) < 1 << 28) b++;
  return (b + 1) >> 1;
}

function reciprocalOf(x: u32): u32 {
  const sign = x & SIGN;
  const kind = unpack(F32, x);
  if (kind == NAN) return nanOf(x, 0);
  if (kind == INFINITE) return sign;
  if (kind == ZERO) {
    raise(DIVIDE_BY_ZERO);
    return sign | 0x7f800000;
  }
  const exponent = (x >> 23) & 0xff;
  if (exponent >= 253) {
    raise(UNDERFLOW);
    return sign;
  }
  const estimate = reciprocal(256 | ((x >> 15) & 0xff));
  return sign | ((253 - exponent) << 23) | ((estimate & 0xff) << 15);
}

function reciprocalRootOf(x: u32): u32 {
  const kind = unpack(F32, x);
  if (kind == NAN) return nanOf(x, 0);
  if (kind == ZERO) {
    raise(DIVIDE_BY_ZERO);
    return (x & SIGN) | 0x7f800000;
  }
  if (x & SIGN) {
    raise(INVALID);
    return <u32>defaultNaN(F32);
  }
  if (kind == INFINITE) return 0;
  const exponent = (x >> 23) & 0xff;
  const scaled: u32 = exponent & 1 ? 128 | ((x >> 16) & 0x7f) : 256 | ((x >> 15) & 0xff);
  return (((380 - exponent) >> 1) << 23) | ((reciprocalRoot(scaled) & 0xff) << 15);
}

/** Compares two numbers; with `invalid`, a quiet NaN is an invalid operation too. */
function ordered(a: u32, b: u32, invalid: bool): i32 {
  const order = compare(F32, a, b);
  if (order == 2 && (invalid || isSignaling(F32, a) || isSignaling(F32, b))) raise(INVALID);
  return order;
}

@inline
function truth(condition: bool): u32 {
  return condition ? 0xffffffff : 0;
}

function element(number: i32, d: u32, n: u32, m: u32): u32 {
  switch (number) {
    case op.VADD_V:
      return sum(n, m);
    case op.VSUB_V:
      return sum(n, negated(m));
    case op.VMUL_V:
      return product(n, m);
    case op.VMLA_V:
      return sum(d, product(n, m));
    case op.VMLS_V:
      return sum(d, negated(product(n, m)));
    case op.VFMA_V:
      return fused(d, n, m);
    case op.VFMS_V:
      return fused(d, n ^ SIGN, m);
    case op.VABD_V:
      return sum(n, negated(m)) & ~SIGN;
    case op.VMAX_V:
      return largest(n, m, true);
    case op.VMIN_V:
      return largest(n, m, false);
    case op.VCEQ_V:
      return truth(ordered(n, m, false) == 0);
    case op.VCGE_V:
      return notLess(ordered(n, m, true));
    case op.VCGT_V:
      return truth(ordered(n, m, true) == 1);
    case op.VACGE_V:
      return notLess(ordered(n & ~SIGN, m & ~SIGN, true));
    case op.VACGT_V:
      return truth(ordered(n & ~SIGN, m & ~SIGN, true) == 1);
    case op.VRECPS:
      return reciprocalStep(n, m);
    case op.VRSQRTS:
      return rootStep(n, m);
    case op.VRECPE_V:
      return reciprocalOf(m);
    case op.VRSQRTE_V:
      return reciprocalRootOf(m);
    case op.VRECPE_I:
      return m >> 31 ? reciprocal(m >> 23) << 23 : 0xffffffff;
    case op.VRSQRTE_I:
      return m >> 30 ? reciprocalRoot(m >> 23) << 23 : 0xffffffff;
    case op.VABS_V:
      return m & ~SIGN;
    default:
      return m ^ SIGN;
  }
}

@inline
function notLess(order: i32): u32 {
  return truth(order == 0 || order == 1);
}

function pair(number: i32, a: u32, b: u32): u32 {
  if (number == op.VPADD_V) return sum(a, b);
  return largest(a, b, number == op.VPMAX_V);
}

export function vectorFloat(p: usize, number: i32): void {
  begin(number == op.VCVT_INT_V ? TO_ZERO : NEAREST);
  if (number < op.VPADD_V) {
    for (let at: u32 = 0; at < bytesOf(p); at += 4) {
      const d = load<u32>(vectorD(p) + at);
      const n = load<u32>(vectorN(p) + at);
      store<u32>(OUT + at, element(number, d, n, load<u32>(vectorM(p) + at)));
    }
    finish(p, bytesOf(p));
  } else if (number < op.VCVT_INT_V) {
    store<u32>(OUT, pair(number, load<u32>(vectorN(p)), load<u32>(vectorN(p), 4)));
    store<u32>(OUT, pair(number, load<u32>(vectorM(p)), load<u32>(vectorM(p), 4)), 4);
    finish(p, 8);
  } else {
    conversions(p, number);
  }
  end();
}

/** Conversions; the immediate is the number of fraction bits. */
function conversions(p: usize, number: i32): void {
  const m = vectorM(p);
  if (number == op.VCVT_HALF_V || number == op.VCVT_V_HALF) {
    for (let i: u32 = 0; i < 4; i++) {
      if (number == op.VCVT_HALF_V) store<u16>(OUT + 2 * i, half(load<u32>(m + 4 * i)));
      else store<u32>(OUT + 4 * i, fromHalf(load<u16>(m + 2 * i)));
    }
    finish(p, number == op.VCVT_HALF_V ? 8 : 16);
    return;
  }
  const withoutSign = isUnsigned(p);
  const fraction = <i32>imm(p);
  for (let at: u32 = 0; at < bytesOf(p); at += 4) {
    const x = load<u32>(m + at);
    if (number == op.VCVT_INT_V) {
      store<u32>(OUT + at, <u32>toInteger(F32, x, fraction, 32, !withoutSign));
    } else {
      const sign: u32 = withoutSign ? 0 : x >> 31;
      const magnitude: u32 = sign ? 0 - x : x;
      store<u32>(OUT + at, <u32>fromInteger(F32, sign, <u64>magnitude, fraction));
    }
  }
  finish(p, bytesOf(p));
}

function half(x: u32): u16 {
  if (isNaN(F32, x)) {
    if (isSignaling(F32, x) || alternative) raise(INVALID);
    return <u16>(alternative ? signed(F16, x >> 31, 0) : defaultNaN(F16));
  }
  if (alternative && (x & ~SIGN) == 0x7f800000) {
    raise(INVALID);
    return <u16>signed(F16, x >> 31, 0x7fff);
  }
  return <u16>convert(F32, F16, x);
}

function fromHalf(x: u16): u32 {
  if (!alternative && isNaN(F16, x)) {
    if (isSignaling(F16, x)) raise(INVALID);
    return <u32>defaultNaN(F32);
  }
  return <u32>convert(F16, F32, x);
}

/* Advanced SIMD, element by element: D = f(D, N, M, immediate). */

import * as op from '../../src/arm/operations';
import {
  OUT,
  bytesOf,
  extreme,
  finish,
  isUnsigned,
  lane,
  saturate,
  setLane,
  sizeOf,
  vectorD,
  vectorM,
  vectorN,
} from './neon-registers';
import {
  shiftBy,
  shiftBySaturating,
  shiftLeft,
  shiftLeftSaturating,
  shiftRight,
} from './neon-shift';
import { imm } from './state';

export function lanes(p: usize, number: i32): void {
  const size = sizeOf(p);
  const withoutSign = isUnsigned(p);
  const bytes = bytesOf(p);
  const count = bytes >> size;
  for (let i: u32 = 0; i < count; i++) {
    const d = lane(vectorD(p), i, size, withoutSign);
    const n = lane(vectorN(p), i, size, withoutSign);
    const m = lane(vectorM(p), i, size, withoutSign);
    setLane(OUT, i, size, element(number, d, n, m, size, withoutSign, imm(p)));
  }
  finish(p, bytes);
}

@inline
function truth(condition: bool): i64 {
  return condition ? -1 : 0;
}

@inline
function less(a: i64, b: i64, withoutSign: bool): bool {
  return withoutSign ? <u64>a < <u64>b : a < b;
}

function saturatingSum(n: i64, m: i64, size: u32, withoutSign: bool): i64 {
  const r = n + m;
  if (size < 3) return saturate(r, size, withoutSign);
  if (withoutSign) return <u64>r < <u64>n ? extreme(false, 3, true) : r;
  return ((n ^ r) & (m ^ r)) < 0 ? extreme(n < 0, 3, false) : r;
}

function saturatingDifference(n: i64, m: i64, size: u32, withoutSign: bool): i64 {
  const r = n - m;
  if (size < 3) return saturate(r, size, withoutSign);
  if (withoutSign) return <u64>n < <u64>m ? extreme(true, 3, true) : r;
  return ((n ^ m) & (n ^ r)) < 0 ? extreme(n < 0, 3, false) : r;
}

/** Returns the upper half of twice a product. */
function doublingHigh(n: i64, m: i64, size: u32, round: bool): i64 {
  const bits: u64 = 8 << size;
  const product = n * m;
  // Twice the square of the most negative number does not fit.
  if (product == (<i64>1 << (2 * bits - 2))) return extreme(false, size, false);
  return (2 * product + (round ? <i64>1 << (bits - 1) : 0)) >> bits;
}

/** Multiplies polynomials over {0, 1}. */
export function polynomial(n: i64, m: i64): i64 {
  let r: i64 = 0;
  for (let i: i64 = 0; i < 8; i++) if ((n >> i) & 1) r ^= (m & 0xff) << i;
  return r;
}

function leadingZeros(x: i64, size: u32): i64 {
  const unused = 64 - (8 << size);
  return <i64>clz<u64>(<u64>x << unused | (unused ? <u64>1 << (unused - 1) : 0));
}

function element(number: i32, d: i64, n: i64, m: i64, size: u32, withoutSign: bool, by: u32): i64 {
  switch (number) {
    case op.VADD_I:
      return n + m;
    case op.VSUB_I:
      return n - m;
    case op.VHADD:
      return (n + m) >> 1;
    case op.VRHADD:
      return (n + m + 1) >> 1;
    case op.VHSUB:
      return (n - m) >> 1;
    case op.VQADD:
      return saturatingSum(n, m, size, withoutSign);
    case op.VQSUB:
      return saturatingDifference(n, m, size, withoutSign);
    case op.VCGT:
      return truth(less(m, n, withoutSign));
    case op.VCGE:
      return truth(!less(n, m, withoutSign));
    case op.VCEQ:
      return truth(n == m);
    case op.VTST:
      return truth((n & m) != 0);
    case op.VMAX:
      return less(n, m, withoutSign) ? m : n;
    case op.VMIN:
      return less(n, m, withoutSign) ? n : m;
    case op.VABD:
      return n > m ? n - m : m - n;
    case op.VABA:
      return d + (n > m ? n - m : m - n);
    case op.VSHL:
      return shiftBy(m, n, withoutSign, false);
    case op.VQSHL:
      return shiftBySaturating(m, n, size, withoutSign, false);
    case op.VRSHL:
      return shiftBy(m, n, withoutSign, true);
    case op.VQRSHL:
      return shiftBySaturating(m, n, size, withoutSign, true);
    case op.VMLA_I:
      return d + n * m;
    case op.VMLS_I:
      return d - n * m;
    case op.VMUL_I:
      return n * m;
    case op.VMUL_P:
      return polynomial(n, m);
    case op.VQDMULH:
      return doublingHigh(n, m, size, false);
    case op.VQRDMULH:
      return doublingHigh(n, m, size, true);
    case op.VSHR_N:
      return shiftRight(m, by, withoutSign, false);
    case op.VSRA_N:
      return d + shiftRight(m, by, withoutSign, false);
    case op.VRSHR_N:
      return shiftRight(m, by, withoutSign, true);
    case op.VRSRA_N:
      return d + shiftRight(m, by, withoutSign, true);
    case op.VSRI_N: {
      const bits: u64 = 8 << size;
      const ones = <u64>-1 >> (64 - bits);
      const mask = by < bits ? ones >> by : 0;
      return <i64>((<u64>d & ~mask) | (by < bits ? (<u64>m & ones) >> by : 0));
    }
    case op.VSHL_N:
      return shiftLeft(m, by);
    case op.VSLI_N:
      return (m << by) | (d & ((<i64>1 << by) - 1));
    case op.VQSHLU_N:
      return shiftLeftSaturating(m, by, size, false, true);
    case op.VQSHL_N:
      return shiftLeftSaturating(m, by, size, withoutSign, withoutSign);
    case op.VCLS:
      return leadingZeros(m ^ (m >> 63), size) - 1;
    case op.VCLZ:
      return leadingZeros(m, size);
    case op.VCNT:
      return <i64>popcnt<u32>(<u32>m & 0xff);
    case op.VQABS:
      return m < 0 ? saturatingDifference(0, m, size, false) : m;
    case op.VQNEG:
      return saturatingDifference(0, m, size, false);
    case op.VABS_I:
      return m < 0 ? -m : m;
    default:
      return -m;
  }
}

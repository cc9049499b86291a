/* Advanced SIMD: elements to twice or half their size. `size` is the size of the narrow ones. */

import * as op from '../../src/arm/operations';
import {
  OUT,
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
import { polynomial } from './neon-lanes';
import { shiftRight } from './neon-shift';
import { imm } from './state';

export function changeWidth(p: usize, number: i32): void {
  if (number >= op.VMOVN || (number >= op.VADDHN && number <= op.VRSUBHN)) narrow(p, number);
  else widen(p, number);
}

function difference(n: i64, m: i64): i64 {
  return n > m ? n - m : m - n;
}

/** Returns twice a product, saturated to twice the size. */
function doubled(n: i64, m: i64, size: u32): i64 {
  const bits: u64 = 16 << size;
  const product = n * m;
  return product == <i64>1 << (bits - 2) ? extreme(false, size + 1, false) : 2 * product;
}

/** Returns a saturating sum of the wide size. */
function accumulated(d: i64, x: i64, size: u32): i64 {
  const r = d + x;
  if (size < 2) return saturate(r, size + 1, false);
  return ((d ^ r) & (x ^ r)) < 0 ? extreme(d < 0, 3, false) : r;
}

function widen(p: usize, number: i32): void {
  const size = sizeOf(p);
  const withoutSign = isUnsigned(p);
  const wideN = number == op.VADDW || number == op.VSUBW;
  for (let i: u32 = 0; i < 8 >> size; i++) {
    const d = lane(vectorD(p), i, size + 1, withoutSign);
    const n = lane(vectorN(p), i, wideN ? size + 1 : size, withoutSign);
    const m = lane(vectorM(p), i, size, withoutSign);
    let r: i64;
    switch (number) {
      case op.VADDL:
      case op.VADDW:
        r = n + m;
        break;
      case op.VSUBL:
      case op.VSUBW:
        r = n - m;
        break;
      case op.VABAL:
        r = d + difference(n, m);
        break;
      case op.VABDL:
        r = difference(n, m);
        break;
      case op.VMLAL:
        r = d + n * m;
        break;
      case op.VMLSL:
        r = d - n * m;
        break;
      case op.VMULL:
        r = n * m;
        break;
      case op.VMULL_P:
        r = polynomial(n, m);
        break;
      case op.VQDMULL:
        r = doubled(n, m, size);
        break;
      case op.VQDMLAL:
        r = accumulated(d, doubled(n, m, size), size);
        break;
      case op.VQDMLSL: {
        const x = doubled(n, m, size);
        r = accumulated(d, -x, size);
        break;
      }
      default:
        r = m << imm(p);
    }
    setLane(OUT, i, size + 1, r);
  }
  finish(p, 16);
}

function narrow(p: usize, number: i32): void {
  const size = sizeOf(p);
  const withoutSign = isUnsigned(p);
  const by = imm(p);
  const bits: u64 = 8 << size;
  const half: i64 = <i64>1 << (bits - 1);
  for (let i: u32 = 0; i < 8 >> size; i++) {
    const n = lane(vectorN(p), i, size + 1, withoutSign);
    const m = lane(vectorM(p), i, size + 1, withoutSign);
    let r: i64;
    switch (number) {
      case op.VADDHN:
        r = (n + m) >> bits;
        break;
      case op.VRADDHN:
        r = (n + m + half) >> bits;
        break;
      case op.VSUBHN:
        r = (n - m) >> bits;
        break;
      case op.VRSUBHN:
        r = (n - m + half) >> bits;
        break;
      case op.VMOVN:
        r = m;
        break;
      case op.VQMOVN:
        r = narrowed(m, size, withoutSign, withoutSign);
        break;
      case op.VQMOVUN:
        r = narrowed(m, size, false, true);
        break;
      case op.VSHRN:
        r = shiftRight(m, by, withoutSign, false);
        break;
      case op.VRSHRN:
        r = shiftRight(m, by, withoutSign, true);
        break;
      case op.VQSHRN:
        r = narrowed(shiftRight(m, by, withoutSign, false), size, withoutSign, withoutSign);
        break;
      case op.VQRSHRN:
        r = narrowed(shiftRight(m, by, withoutSign, true), size, withoutSign, withoutSign);
        break;
      case op.VQSHRUN:
        r = narrowed(shiftRight(m, by, false, false), size, false, true);
        break;
      default:
        r = narrowed(shiftRight(m, by, false, true), size, false, true);
    }
    setLane(OUT, i, size, r);
  }
  finish(p, 8);
}

/** Narrows an element, saturating. An unsigned element of 64 bits may look negative. */
function narrowed(x: i64, size: u32, fromUnsigned: bool, toUnsigned: bool): i64 {
  return fromUnsigned && x < 0 ? extreme(false, size, true) : saturate(x, size, toUnsigned);
}

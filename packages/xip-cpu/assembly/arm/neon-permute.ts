/* Advanced SIMD: pairs of elements, and their order. */

import * as op from '../../src/arm/operations';
import {
  OUT,
  bytesOf,
  finish,
  isUnsigned,
  lane,
  setLane,
  sizeOf,
  vectorD,
  vectorM,
  vectorN,
} from './neon-registers';
import { imm } from './state';

export function permute(p: usize, number: i32): void {
  switch (number) {
    case op.VPADD_I:
    case op.VPMAX:
    case op.VPMIN:
      pairs(p, number);
      break;
    case op.VPADDL:
    case op.VPADAL:
      longPairs(p, number == op.VPADAL);
      break;
    case op.VREV:
      reverse(p);
      break;
    case op.VEXT: {
      const bytes = bytesOf(p);
      const from = imm(p);
      memory.copy(OUT, vectorN(p) + from, bytes - from);
      memory.copy(OUT + (bytes - from), vectorM(p), from);
      finish(p, bytes);
      break;
    }
    case op.VTBL:
    case op.VTBX:
      table(p, number == op.VTBX);
      break;
    default:
      exchange(p, number);
  }
}

function pair(number: i32, a: i64, b: i64): i64 {
  if (number == op.VPADD_I) return a + b;
  return a < b == (number == op.VPMAX) ? b : a;
}

/** Operates on pairs: the results of N come first, then those of M. */
function pairs(p: usize, number: i32): void {
  const size = sizeOf(p);
  const withoutSign = isUnsigned(p);
  const half: u32 = <u32>4 >> size;
  for (let i: u32 = 0; i < half; i++) {
    const n = vectorN(p);
    const m = vectorM(p);
    setLane(OUT, i, size, pair(number, lane(n, 2 * i, size, withoutSign), lane(n, 2 * i + 1, size, withoutSign)));
    setLane(OUT, half + i, size, pair(number, lane(m, 2 * i, size, withoutSign), lane(m, 2 * i + 1, size, withoutSign)));
  }
  finish(p, 8);
}

function longPairs(p: usize, accumulate: bool): void {
  const size = sizeOf(p);
  const withoutSign = isUnsigned(p);
  const bytes = bytesOf(p);
  for (let i: u32 = 0; i < bytes >> (size + 1); i++) {
    const m = vectorM(p);
    const sum = lane(m, 2 * i, size, withoutSign) + lane(m, 2 * i + 1, size, withoutSign);
    setLane(OUT, i, size + 1, accumulate ? lane(vectorD(p), i, size + 1, withoutSign) + sum : sum);
  }
  finish(p, bytes);
}

/** Reverses the order of elements in groups whose size is 1 << immediate. */
function reverse(p: usize): void {
  const size = sizeOf(p);
  const bytes = bytesOf(p);
  const mask: u32 = (1 << (imm(p) - size)) - 1;
  for (let i: u32 = 0; i < bytes >> size; i++) {
    setLane(OUT, i ^ mask, size, lane(vectorM(p), i, size, true));
  }
  finish(p, bytes);
}

/** VTBL and VTBX; the immediate is the number of registers from N on. */
function table(p: usize, keep: bool): void {
  const length = imm(p) << 3;
  for (let i: u32 = 0; i < 8; i++) {
    const index = load<u8>(vectorM(p) + i);
    if (index < length) store<u8>(OUT + i, load<u8>(vectorN(p) + index));
    else store<u8>(OUT + i, keep ? load<u8>(vectorD(p) + i) : 0);
  }
  finish(p, 8);
}

/** VSWP, VTRN, VUZP and VZIP, which write both registers. */
function exchange(p: usize, number: i32): void {
  const size = sizeOf(p);
  const bytes = bytesOf(p);
  const count = bytes >> size;
  const d = vectorD(p);
  const m = vectorM(p);
  if (d == m) return;
  for (let i: u32 = 0; i < 2 * count; i++) {
    let fromM: bool;
    let index: u32;
    if (number == op.VSWP) {
      fromM = i < count;
      index = i & (count - 1);
    } else if (number == op.VTRN) {
      fromM = (i & 1) != 0;
      index = i < count ? i & ~1 : (i - count) | 1;
    } else if (number == op.VUZP) {
      const source: u32 = i < count ? 2 * i : 2 * (i - count) + 1;
      fromM = source >= count;
      index = source & (count - 1);
    } else {
      fromM = (i & 1) != 0;
      index = i >> 1;
    }
    setLane(OUT, i, size, lane(fromM ? m : d, index, size, true));
  }
  memory.copy(d, OUT, bytes);
  memory.copy(m, OUT + bytes, bytes);
}

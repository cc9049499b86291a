/* Advanced SIMD on bits, and the dispatch to the other files. */

import * as op from '../../src/arm/operations';
import { FLOATS, getN, imm, second } from './state';
import { vectorFloat } from './neon-float';
import { lanes } from './neon-lanes';
import { elements } from './neon-memory';
import { permute } from './neon-permute';
import { OUT, bytesOf, finish, lane, setLane, sizeOf, vectorD, vectorM, vectorN } from './neon-registers';
import { changeWidth } from './neon-width';

export function neon(p: usize, number: i32): void {
  if (number < op.VAND) lanes(p, number);
  else if (number < op.VPADD_I) bits(p, number);
  else if (number < op.VADDL) permute(p, number);
  else if (number < op.VADD_V) changeWidth(p, number);
  else if (number < op.VLD_MULTIPLE) vectorFloat(p, number);
  else elements(p, number);
}

function bits(p: usize, number: i32): void {
  const bytes = bytesOf(p);
  if (number == op.VDUP || number == op.VDUP_CORE) {
    duplicate(p, number, bytes);
    return;
  }
  const constant = (<u64>second(p) << 32) | <u64>imm(p);
  for (let at: u32 = 0; at < bytes; at += 8) {
    const d = load<u64>(vectorD(p) + at);
    const n = load<u64>(vectorN(p) + at);
    const m = load<u64>(vectorM(p) + at);
    store<u64>(OUT + at, combined(number, d, n, m, constant));
  }
  finish(p, bytes);
}

/**
 * Copies an element of the register file, at a byte (the immediate), or a core register to all
 * elements.
 */
function duplicate(p: usize, number: i32, bytes: u32): void {
  const size = sizeOf(p);
  const value = number == op.VDUP_CORE ? <i64>getN(p) : lane(FLOATS + imm(p), 0, size, true);
  for (let i: u32 = 0; i < bytes >> size; i++) setLane(OUT, i, size, value);
  finish(p, bytes);
}

function combined(number: i32, d: u64, n: u64, m: u64, constant: u64): u64 {
  switch (number) {
    case op.VAND:
      return n & m;
    case op.VBIC:
      return n & ~m;
    case op.VORR:
      return n | m;
    case op.VORN:
      return n | ~m;
    case op.VEOR:
      return n ^ m;
    case op.VBSL:
      return (n & d) | (m & ~d);
    case op.VBIT:
      return (n & m) | (d & ~m);
    case op.VBIF:
      return (d & m) | (n & ~m);
    case op.VMVN:
      return ~m;
    case op.VIMM_V:
      return constant;
    case op.VBIC_N:
      return d & ~constant;
    default:
      return d | constant;
  }
}

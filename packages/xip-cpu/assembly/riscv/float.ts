/*
 * F and D. It uses the hardware if its result is certain to be the one that the architecture
 * demands, and otherwise computes exactly with integers.
 */
import {
  FFLAGS,
  FRM,
  OP_EXTRA,
  OP_IMMEDIATE,
  OP_PLACE,
  OP_RD,
  OP_RS1,
  OP_RS2,
  REGISTERS,
} from '../../src/riscv/layout';
import * as op from '../../src/riscv/operations';
import { add, divide, multiply, multiplyAdd, squareRoot } from './arithmetic';
import { classify, compare, convertFormat, fromInteger, minMax, toInteger, FEQ, FLE, FLT } from './convert';
import { NX, RNE } from './round';

const BOX: u64 = 0xffffffff00000000;
const NAN32: u64 = 0x7fc00000;

// @ts-ignore: decorator
@inline
function bits(ip: u32, field: usize): u64 {
  return load<u64>(load<u16>(ip + <u32>field), REGISTERS);
}

/** Returns a single; a register that is not boxed in ones is NaN. */
function single(register: u64): u64 {
  return register >= BOX ? register & 0xffffffff : NAN32;
}

// @ts-ignore: decorator
@inline
function set(ip: u32, value: u64): void {
  store<u64>(load<u16>(ip, OP_RD), value, REGISTERS);
}

/** Whether the result is known to be neither special nor tiny, so that at most NX was raised. */
// @ts-ignore: decorator
@inline
function plain64(x: u64): bool {
  const exponent = (x >> 52) & 0x7ff;
  return exponent - 2 < 0x7fd;
}

// @ts-ignore: decorator
@inline
function plain32(x: u64): bool {
  const exponent = (x >> 23) & 0xff;
  return exponent - 2 < 0xfd;
}

/** An operation of FLOAT. @returns false if the rounding mode is not one. */
export function float(ip: u32): bool {
  // Bits 0 to 7 have the operation, bits 8 to 10 the rounding mode.
  const extra = load<u16>(ip, OP_EXTRA);
  const which = <i32>extra & 0xff;
  let mode = <u32>extra >> 8;
  if (mode == 7) {
    mode = load<u32>(FRM);
    if (mode > 4) return false;
  }
  const isDouble = (which & 1) != 0;
  if (which >= op.FCVT_S_D) {
    if (which == op.FCVT_D_S) set(ip, convertFormat(single(bits(ip, OP_RS1)), mode, 23, 127, 52, 1023));
    else set(ip, BOX | convertFormat(bits(ip, OP_RS1), mode, 52, 1023, 23, 127));
    return true;
  }
  // The hardware's rounded result is right if NX is already raised and no other flag can be.
  const easy = mode == RNE && (load<u32>(FFLAGS) & NX) != 0;
  if (isDouble) {
    if (!(easy && easily64(ip, which))) exactly(ip, which, mode, bits(ip, OP_RS1), bits(ip, OP_RS2), 52, 1023);
  } else if (!(easy && easily32(ip, which))) {
    exactly(ip, which, mode, single(bits(ip, OP_RS1)), single(bits(ip, OP_RS2)), 23, 127);
  }
  return true;
}

function easily64(ip: u32, which: i32): bool {
  const x = bits(ip, OP_RS1), y = bits(ip, OP_RS2);
  if (which == op.FSQRT_D) {
    if (<i64>x < 0 || !plain64(x)) return false;
    set(ip, reinterpret<u64>(sqrt(reinterpret<f64>(x))));
    return true;
  }
  if (which > op.FDIV_D || !plain64(x) || !plain64(y)) return false;
  const a = reinterpret<f64>(x), b = reinterpret<f64>(y);
  const result = which == op.FADD_D ? a + b : which == op.FSUB_D ? a - b : which == op.FMUL_D ? a * b : a / b;
  const z = reinterpret<u64>(result);
  if (!plain64(z)) return false;
  set(ip, z);
  return true;
}

function easily32(ip: u32, which: i32): bool {
  const x = single(bits(ip, OP_RS1)), y = single(bits(ip, OP_RS2));
  if (which == op.FSQRT_S) {
    if ((x & 0x80000000) != 0 || !plain32(x)) return false;
    set(ip, BOX | <u64>reinterpret<u32>(sqrt(reinterpret<f32>(<u32>x))));
    return true;
  }
  if (which > op.FDIV_S || !plain32(x) || !plain32(y)) return false;
  const a = reinterpret<f32>(<u32>x), b = reinterpret<f32>(<u32>y);
  const result = which == op.FADD_S ? a + b : which == op.FSUB_S ? a - b : which == op.FMUL_S ? a * b : a / b;
  const z = <u64>reinterpret<u32>(result);
  if (!plain32(z)) return false;
  set(ip, BOX | z);
  return true;
}

/** @param fraction the bits of the fraction, which with `bias` give the format. */
function exactly(ip: u32, which: i32, mode: u32, x: u64, y: u64, fraction: u32, bias: i32): void {
  const box = fraction == 52 ? 0 : BOX;
  const signBit: u64 = fraction == 52 ? 0x8000000000000000 : 0x80000000;
  switch (which & ~1) {
    case op.FADD_S: set(ip, box | add(x, y, mode, fraction, bias)); return;
    case op.FSUB_S: set(ip, box | add(x, y ^ signBit, mode, fraction, bias)); return;
    case op.FMUL_S: set(ip, box | multiply(x, y, mode, fraction, bias)); return;
    case op.FDIV_S: set(ip, box | divide(x, y, mode, fraction, bias)); return;
    case op.FSQRT_S: set(ip, box | squareRoot(x, mode, fraction, bias)); return;
    case op.FMADD_S:
    case op.FMSUB_S:
    case op.FNMSUB_S:
    case op.FNMADD_S: {
      // rs3 is at the place of other operations' immediate.
      let z = load<u64>(load<u16>(ip, OP_IMMEDIATE), REGISTERS);
      if (fraction != 52) z = single(z);
      const kind = which & ~1;
      const product = kind == op.FNMSUB_S || kind == op.FNMADD_S ? x ^ signBit : x;
      const addend = kind == op.FMSUB_S || kind == op.FNMADD_S ? z ^ signBit : z;
      set(ip, box | multiplyAdd(product, y, addend, mode, fraction, bias));
      return;
    }
    case op.FSGNJ_S: set(ip, box | (x & ~signBit) | (y & signBit)); return;
    case op.FSGNJN_S: set(ip, box | (x & ~signBit) | (~y & signBit)); return;
    case op.FSGNJX_S: set(ip, box | (x ^ (y & signBit))); return;
    case op.FMIN_S: set(ip, box | minMax(x, y, false, fraction, bias)); return;
    case op.FMAX_S: set(ip, box | minMax(x, y, true, fraction, bias)); return;
    case op.FEQ_S: set(ip, compare(x, y, FEQ, fraction, bias)); return;
    case op.FLT_S: set(ip, compare(x, y, FLT, fraction, bias)); return;
    case op.FLE_S: set(ip, compare(x, y, FLE, fraction, bias)); return;
    case op.FCLASS_S: set(ip, classify(x, fraction, bias)); return;
    case op.FCVT_W_S: set(ip, <i64><i32>toInteger(x, mode, fraction, bias, i32.MIN_VALUE, i32.MAX_VALUE)); return;
    case op.FCVT_WU_S: set(ip, <i64><i32>toInteger(x, mode, fraction, bias, 0, u32.MAX_VALUE)); return;
    case op.FCVT_L_S: set(ip, toInteger(x, mode, fraction, bias, i64.MIN_VALUE, i64.MAX_VALUE)); return;
    case op.FCVT_LU_S: set(ip, toInteger(x, mode, fraction, bias, 0, u64.MAX_VALUE)); return;
    case op.FCVT_FROM_W_S: set(ip, box | integerTo(<i32>bits(ip, OP_RS1), mode, fraction, bias)); return;
    case op.FCVT_FROM_WU_S: set(ip, box | fromInteger(0, <u32>bits(ip, OP_RS1), mode, fraction, bias)); return;
    case op.FCVT_FROM_L_S: set(ip, box | integerTo(bits(ip, OP_RS1), mode, fraction, bias)); return;
    case op.FCVT_FROM_LU_S: set(ip, box | fromInteger(0, bits(ip, OP_RS1), mode, fraction, bias)); return;
    // Moves copy the bits, boxed or not.
    case op.FMV_TO_X_S: set(ip, fraction == 52 ? bits(ip, OP_RS1) : <i64><i32>bits(ip, OP_RS1)); return;
    case op.FMV_FROM_X_S: set(ip, fraction == 52 ? bits(ip, OP_RS1) : BOX | <u64><u32>bits(ip, OP_RS1)); return;
    default: unreachable();
  }
}

function integerTo(value: i64, mode: u32, fraction: u32, bias: i32): u64 {
  return value < 0
    ? fromInteger(1, -value, mode, fraction, bias)
    : fromInteger(0, value, mode, fraction, bias);
}

/*
 * VFP: arithmetic, comparison, moves, loads and stores. Even operation numbers are for 32 bits, odd
 * ones for 64.
 */

import * as op from '../../src/arm/operations';
import { add, divide, multiply, multiplyAdd, squareRoot } from '../float/arithmetic';
import { compare } from '../float/convert';
import { F32, F64, INVALID, ZERO, INFINITE, defaultNaN, isNaN, isSignaling, raise, unpack } from '../float/format';
import {
  begin,
  chooseNaN,
  chooseNaN3,
  d32,
  d64,
  double,
  end,
  formatOf,
  m32,
  m64,
  n32,
  n64,
  negated,
  operandD,
  operandM,
  operandN,
  plain32,
  plain64,
  quick,
  quiet,
  setD32,
  setD64,
  setResult,
  single,
} from './float-registers';
import { checkAligned, probeRead, probeWrite, read, write } from './memory';
import { setConditions } from './media';
import {
  FLOATS,
  FPSCR,
  aux,
  getA,
  getD,
  getN,
  imm,
  second,
  setA,
  setD,
  setN,
} from './state';
import { vfpConvert } from './vfp-convert';
import { neon } from './neon';

const ADD: u32 = 0;
const MULTIPLY: u32 = 1;
const DIVIDE: u32 = 2;

function binary(what: u32, format: u32, a: u64, b: u64): u64 {
  if (isNaN(format, a) || isNaN(format, b)) return chooseNaN(format, a, b);
  if (what == ADD) return add(format, a, b);
  return what == MULTIPLY ? multiply(format, a, b) : divide(format, a, b);
}

function slowBinary(p: usize, what: u32, format: u32, negateM: bool, negateResult: bool): void {
  begin();
  const m = operandM(p, format);
  // A NaN keeps its sign in a subtraction.
  const b = negateM && !isNaN(format, m) ? negated(format, m) : m;
  const result = binary(what, format, operandN(p, format), b);
  setResult(p, format, negateResult ? negated(format, result) : result);
  end();
}

/** D = D or -D, plus N * M or -(N * M), rounded twice. */
function accumulate(p: usize, format: u32, negateD: bool, negateProduct: bool): void {
  begin();
  const product = binary(MULTIPLY, format, operandN(p, format), operandM(p, format));
  const d = operandD(p, format);
  setResult(
    p,
    format,
    binary(
      ADD,
      format,
      negateD ? negated(format, d) : d,
      negateProduct ? negated(format, product) : product,
    ),
  );
  end();
}

/** D = D or -D, plus N * M or -N * M, rounded once. */
function fused(p: usize, format: u32, negateD: bool, negateN: bool): void {
  begin();
  const d = operandD(p, format);
  const n = operandN(p, format);
  const result = fusedSum(format, negateD ? negated(format, d) : d, negateN ? negated(format, n) : n, operandM(p, format));
  setResult(p, format, result);
  end();
}

export function fusedSum(format: u32, d: u64, n: u64, m: u64): u64 {
  if (!isNaN(format, d) && !isNaN(format, n) && !isNaN(format, m)) {
    return multiplyAdd(format, d, n, m);
  }
  const result = chooseNaN3(format, d, n, m);
  if (!isNaN(format, n) && !isNaN(format, m) && !isSignaling(format, d)) {
    const classN = unpack(format, n);
    const classM = unpack(format, m);
    if (classN + classM == ZERO + INFINITE && classN != classM) {
      raise(INVALID);
      return defaultNaN(format);
    }
  }
  return result;
}

function root(p: usize, format: u32): void {
  begin();
  const m = operandM(p, format);
  setResult(p, format, isNaN(format, m) ? quiet(format, m) : squareRoot(format, m));
  end();
}

/** Compares D with a number; with aux, a quiet NaN is an invalid operation too. */
function compareTo(p: usize, format: u32, b: u64): void {
  begin();
  const a = operandD(p, format);
  const order = compare(format, a, b);
  if (order == 2 && (aux(p) != 0 || isSignaling(format, a) || isSignaling(format, b))) {
    raise(INVALID);
  }
  const conditions: u32 = order == 2 ? 3 : order == 0 ? 6 : order < 0 ? 8 : 2;
  end();
  store<u32>(FPSCR, (load<u32>(FPSCR) & 0x0fffffff) | (conditions << 28));
}

/**
 * VLDM: loads `second` bytes from N + the immediate to registers from D on; aux is the same as for
 * LDM.
 */
function loadMultiple(p: usize): void {
  const base = getN(p);
  let address = base + imm(p);
  const bytes = second(p);
  checkAligned(p, address, 4);
  probeRead(p, address, bytes);
  const first = FLOATS + <usize>load<u8>(p, 2);
  for (let at: u32 = 0; at < bytes; at += 4) store<u32>(first + at, read<u32>(p, address + at));
  writeBackMultiple(p, base, bytes);
}

function storeMultiple(p: usize): void {
  const base = getN(p);
  const address = base + imm(p);
  const bytes = second(p);
  checkAligned(p, address, 4);
  probeWrite(p, address, bytes);
  const first = FLOATS + <usize>load<u8>(p, 2);
  for (let at: u32 = 0; at < bytes; at += 4) write<u32>(p, address + at, load<u32>(first + at));
  writeBackMultiple(p, base, bytes);
}

/** FLDMX and FSTMX have a word more: it is counted in the upper bits of aux. */
@inline
function writeBackMultiple(p: usize, base: u32, bytes: u32): void {
  const how = aux(p) & 3;
  const counted = bytes + (aux(p) & 4);
  if (how == 1) setN(p, base + counted);
  else if (how == 2) setN(p, base - counted);
}

function address4(p: usize): u32 {
  const address = getN(p) + imm(p);
  checkAligned(p, address, 4);
  return address;
}

export function vfp(p: usize, number: i32): void {
  switch (number) {
    case op.VADD_F32: {
      const r = reinterpret<u32>(single(n32(p)) + single(m32(p)));
      if (quick() && plain32(r)) setD32(p, r);
      else slowBinary(p, ADD, F32, false, false);
      break;
    }
    case op.VADD_F64: {
      const r = reinterpret<u64>(double(n64(p)) + double(m64(p)));
      if (quick() && plain64(r)) setD64(p, r);
      else slowBinary(p, ADD, F64, false, false);
      break;
    }
    case op.VSUB_F32: {
      const r = reinterpret<u32>(single(n32(p)) - single(m32(p)));
      if (quick() && plain32(r)) setD32(p, r);
      else slowBinary(p, ADD, F32, true, false);
      break;
    }
    case op.VSUB_F64: {
      const r = reinterpret<u64>(double(n64(p)) - double(m64(p)));
      if (quick() && plain64(r)) setD64(p, r);
      else slowBinary(p, ADD, F64, true, false);
      break;
    }
    case op.VMUL_F32: {
      const r = reinterpret<u32>(single(n32(p)) * single(m32(p)));
      if (quick() && plain32(r)) setD32(p, r);
      else slowBinary(p, MULTIPLY, F32, false, false);
      break;
    }
    case op.VMUL_F64: {
      const r = reinterpret<u64>(double(n64(p)) * double(m64(p)));
      if (quick() && plain64(r)) setD64(p, r);
      else slowBinary(p, MULTIPLY, F64, false, false);
      break;
    }
    case op.VNMUL_F32:
    case op.VNMUL_F64:
      slowBinary(p, MULTIPLY, formatOf(number), false, true);
      break;
    case op.VDIV_F32: {
      const r = reinterpret<u32>(single(n32(p)) / single(m32(p)));
      if (quick() && plain32(r)) setD32(p, r);
      else slowBinary(p, DIVIDE, F32, false, false);
      break;
    }
    case op.VDIV_F64: {
      const r = reinterpret<u64>(double(n64(p)) / double(m64(p)));
      if (quick() && plain64(r)) setD64(p, r);
      else slowBinary(p, DIVIDE, F64, false, false);
      break;
    }
    case op.VMLA_F32: {
      const product = single(n32(p)) * single(m32(p));
      const r = reinterpret<u32>(single(d32(p)) + product);
      if (quick() && plain32(r) && plain32(reinterpret<u32>(product))) setD32(p, r);
      else accumulate(p, F32, false, false);
      break;
    }
    case op.VMLA_F64: {
      const product = double(n64(p)) * double(m64(p));
      const r = reinterpret<u64>(double(d64(p)) + product);
      if (quick() && plain64(r) && plain64(reinterpret<u64>(product))) setD64(p, r);
      else accumulate(p, F64, false, false);
      break;
    }
    case op.VMLS_F32: {
      const product = single(n32(p)) * single(m32(p));
      const r = reinterpret<u32>(single(d32(p)) - product);
      if (quick() && plain32(r) && plain32(reinterpret<u32>(product))) setD32(p, r);
      else accumulate(p, F32, false, true);
      break;
    }
    case op.VMLS_F64: {
      const product = double(n64(p)) * double(m64(p));
      const r = reinterpret<u64>(double(d64(p)) - product);
      if (quick() && plain64(r) && plain64(reinterpret<u64>(product))) setD64(p, r);
      else accumulate(p, F64, false, true);
      break;
    }
    case op.VNMLA_F32:
    case op.VNMLA_F64:
      accumulate(p, formatOf(number), true, true);
      break;
    case op.VNMLS_F32:
    case op.VNMLS_F64:
      accumulate(p, formatOf(number), true, false);
      break;
    case op.VFMA_F32:
    case op.VFMA_F64:
      fused(p, formatOf(number), false, false);
      break;
    case op.VFMS_F32:
    case op.VFMS_F64:
      fused(p, formatOf(number), false, true);
      break;
    case op.VFNMA_F32:
    case op.VFNMA_F64:
      fused(p, formatOf(number), true, true);
      break;
    case op.VFNMS_F32:
    case op.VFNMS_F64:
      fused(p, formatOf(number), true, false);
      break;
    case op.VSQRT_F32: {
      const r = reinterpret<u32>(sqrt<f32>(single(m32(p))));
      if (quick() && plain32(r)) setD32(p, r);
      else root(p, F32);
      break;
    }
    case op.VSQRT_F64: {
      const r = reinterpret<u64>(sqrt<f64>(double(m64(p))));
      if (quick() && plain64(r)) setD64(p, r);
      else root(p, F64);
      break;
    }
    case op.VMOV_32:
      setD32(p, m32(p));
      break;
    case op.VMOV_64:
      setD64(p, m64(p));
      break;
    case op.VABS_32:
      setD32(p, m32(p) & 0x7fffffff);
      break;
    case op.VABS_64:
      setD64(p, m64(p) & 0x7fffffffffffffff);
      break;
    case op.VNEG_32:
      setD32(p, m32(p) ^ 0x80000000);
      break;
    case op.VNEG_64:
      setD64(p, m64(p) ^ 0x8000000000000000);
      break;
    case op.VCMP_F32:
    case op.VCMP_F64:
      compareTo(p, formatOf(number), operandM(p, formatOf(number)));
      break;
    case op.VCMPZ_F32:
    case op.VCMPZ_F64:
      compareTo(p, formatOf(number), 0);
      break;
    case op.VIMM_32:
      setD32(p, imm(p));
      break;
    case op.VIMM_64:
      setD64(p, (<u64>second(p) << 32) | <u64>imm(p));
      break;
    case op.VLDR_32:
      setD32(p, read<u32>(p, address4(p)));
      break;
    case op.VLDR_64:
      setD64(p, read<u64>(p, address4(p)));
      break;
    case op.VSTR_32:
      write<u32>(p, address4(p), d32(p));
      break;
    case op.VSTR_64:
      write<u64>(p, address4(p), d64(p));
      break;
    case op.VLDM:
      loadMultiple(p);
      break;
    case op.VSTM:
      storeMultiple(p);
      break;
    case op.VMOV_CORE:
      setD32(p, getN(p));
      break;
    case op.VMOV_TO_CORE:
      setD(p, n32(p));
      break;
    case op.VMOV_2CORE:
      setD64(p, (<u64>getA(p) << 32) | <u64>getN(p));
      break;
    case op.VMOV_TO_2CORE: {
      const bits = m64(p);
      setD(p, <u32>bits);
      setA(p, <u32>(bits >> 32));
      break;
    }
    case op.VMOV_SCALAR:
      if (aux(p) == 1) store<u8>(<usize>load<u8>(p, 2), <u8>getN(p), FLOATS);
      else if (aux(p) == 2) store<u16>(<usize>load<u8>(p, 2), <u16>getN(p), FLOATS);
      else setD32(p, getN(p));
      break;
    case op.VMOV_TO_SCALAR:
      setD(p, scalar(<usize>load<u8>(p, 3), aux(p)));
      break;
    case op.VMRS:
      setD(p, load<u32>(FPSCR));
      break;
    case op.VMSR:
      // Keep the bits that a processor with VFPv4 and Advanced SIMD has.
      store<u32>(FPSCR, getD(p) & 0xffc0009f);
      break;
    case op.VMRS_APSR:
      setConditions(load<u32>(FPSCR));
      break;
    default:
      if (number < op.VADD_I) vfpConvert(p, number);
      else neon(p, number);
  }
}

/** Returns an element of a vector: aux is its size in bytes, plus 8 if it is sign-extended. */
function scalar(at: usize, how: u32): u32 {
  switch (how) {
    case 1:
      return load<u8>(at, FLOATS);
    case 2:
      return load<u16>(at, FLOATS);
    case 9:
      return <u32>(<i32>load<i8>(at, FLOATS));
    case 10:
      return <u32>(<i32>load<i16>(at, FLOATS));
    default:
      return load<u32>(at, FLOATS);
  }
}

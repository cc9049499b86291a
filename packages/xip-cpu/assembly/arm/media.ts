/* Instructions that are rarer: multiplications, saturation, parallel arithmetic, exclusives. */

import * as op from '../../src/arm/operations';
import { asr, logical, logical64 } from './arithmetic';
import { checkAligned, checkWords, probeRead, probeWrite, read, write } from './memory';
import { parallel } from './parallel';
import {
  C,
  GE,
  MONITOR,
  MONITOR_SIZE,
  NZ,
  Q,
  TPIDRURO,
  TPIDRURW,
  V,
  aux,
  carry,
  getA,
  getD,
  getM,
  getN,
  imm,
  negative,
  overflow,
  setA,
  setD,
  zero,
} from './state';

@inline
function bottom(x: u32): i32 {
  return <i32>(<i16>x);
}

@inline
function top(x: u32): i32 {
  return <i32>x >> 16;
}

/** Returns the half of a register that a bit of aux selects. */
@inline
function half(x: u32, isTop: u32): i32 {
  return isTop ? top(x) : bottom(x);
}

@inline
function saturated(): void {
  store<u32>(Q, 1);
}

/** Saturates to a signed word. */
function saturate(x: i64): u32 {
  if (x == <i64>(<i32>x)) return <u32>x;
  saturated();
  return x < 0 ? 0x80000000 : 0x7fffffff;
}

/** Returns a sum. An overflow only sets the flag. */
function overflowing(x: i64): u32 {
  if (x != <i64>(<i32>x)) saturated();
  return <u32>x;
}

@inline
function accumulator(p: usize): u64 {
  return (<u64>getD(p) << 32) | <u64>getA(p);
}

@inline
function setLong(p: usize, x: u64): void {
  setA(p, <u32>x);
  setD(p, <u32>(x >> 32));
}

function signedSaturate(x: i32, bits: u32): u32 {
  const largest = <i32>((<u32>1 << (bits - 1)) - 1);
  if (x > largest) {
    saturated();
    return <u32>largest;
  }
  if (x < ~largest) {
    saturated();
    return <u32>~largest;
  }
  return <u32>x;
}

function unsignedSaturate(x: i32, bits: u32): u32 {
  const largest = <i32>((<u32>1 << bits) - 1);
  if (x < 0) {
    saturated();
    return 0;
  }
  if (x > largest) {
    saturated();
    return <u32>largest;
  }
  return <u32>x;
}

function difference(a: u32, b: u32): u32 {
  return a > b ? a - b : b - a;
}

/** SXTB and the like. Bits of aux: 1 unsigned, 2 halfword, 4 two bytes. */
function extend(n: u32, x: u32, how: u32): u32 {
  switch (how) {
    case 0:
      return n + <u32>(<i32>(<i8>x));
    case 1:
      return n + (x & 0xff);
    case 2:
      return n + <u32>bottom(x);
    case 3:
      return n + (x & 0xffff);
    case 4:
      return pair(n + <u32>(<i32>(<i8>x)), (n >> 16) + <u32>(<i32>(<i8>(x >> 16))));
    default:
      return pair(n + (x & 0xff), (n >> 16) + ((x >> 16) & 0xff));
  }
}

@inline
function pair(low: u32, high: u32): u32 {
  return (low & 0xffff) | (high << 16);
}

function reverseBits(x: u32): u32 {
  x = ((x >> 1) & 0x55555555) | ((x & 0x55555555) << 1);
  x = ((x >> 2) & 0x33333333) | ((x & 0x33333333) << 2);
  x = ((x >> 4) & 0x0f0f0f0f) | ((x & 0x0f0f0f0f) << 4);
  return bswap<u32>(x);
}

@inline
function reverseHalves(x: u32): u32 {
  return ((x >> 8) & 0x00ff00ff) | ((x & 0x00ff00ff) << 8);
}

function select(n: u32, m: u32): u32 {
  const ge = load<u32>(GE);
  const mask =
    (ge & 1 ? 0xff : 0) | (ge & 2 ? 0xff00 : 0) | (ge & 4 ? 0xff0000 : 0) | (ge & 8 ? 0xff000000 : 0);
  return (n & mask) | (m & ~mask);
}

export function statusRegister(): u32 {
  return (
    (<u32>negative() << 31) |
    (<u32>zero() << 30) |
    (carry() << 29) |
    (<u32>overflow() << 28) |
    (load<u32>(Q) << 27) |
    (load<u32>(GE) << 16)
  );
}

/** Sets N, Z, C and V from the upper four bits. */
export function setConditions(bits: u32): void {
  store<u32>(NZ, <u32>(((bits >> 30) & 1) == 0));
  store<u32>(NZ, bits & 0x80000000, 4);
  store<u32>(C, (bits >> 29) & 1);
  store<u32>(V, bits << 3);
}

/** Loads for an exclusive operation; aux is the number of bytes. */
function loadExclusive(p: usize): void {
  const address = getN(p) + imm(p);
  const bytes = aux(p);
  checkAligned(p, address, bytes);
  if (bytes == 8) {
    const value = read<u64>(p, address);
    setD(p, <u32>value);
    setA(p, <u32>(value >> 32));
  } else if (bytes == 4) setD(p, read<u32>(p, address));
  else if (bytes == 2) setD(p, read<u16>(p, address));
  else setD(p, read<u8>(p, address));
  store<u32>(MONITOR, address);
  store<u32>(MONITOR_SIZE, bytes);
}

function storeExclusive(p: usize): void {
  const address = getN(p) + imm(p);
  const bytes = aux(p);
  checkAligned(p, address, bytes);
  if (load<u32>(MONITOR_SIZE) != bytes || load<u32>(MONITOR) != address) {
    store<u32>(MONITOR_SIZE, 0);
    setD(p, 1);
    return;
  }
  if (bytes == 8) write<u64>(p, address, <u64>getM(p) | (<u64>getA(p) << 32));
  else if (bytes == 4) write<u32>(p, address, getM(p));
  else if (bytes == 2) write<u16>(p, address, <u16>getM(p));
  else write<u8>(p, address, <u8>getM(p));
  store<u32>(MONITOR_SIZE, 0);
  setD(p, 0);
}

export function media(p: usize, number: i32): void {
  switch (number) {
    case op.MULS:
      setD(p, logical(getN(p) * getM(p)));
      break;
    case op.MLAS:
      setD(p, logical(getA(p) + getN(p) * getM(p)));
      break;
    case op.UMULLS: {
      const x = <u64>getN(p) * <u64>getM(p);
      setLong(p, x);
      logical64(x);
      break;
    }
    case op.SMULLS: {
      const x = <i64>(<i32>getN(p)) * <i64>(<i32>getM(p));
      setLong(p, x);
      logical64(x);
      break;
    }
    case op.UMLAL:
      setLong(p, accumulator(p) + <u64>getN(p) * <u64>getM(p));
      break;
    case op.SMLAL:
      setLong(p, accumulator(p) + <u64>(<i64>(<i32>getN(p)) * <i64>(<i32>getM(p))));
      break;
    case op.UMLALS: {
      const x = accumulator(p) + <u64>getN(p) * <u64>getM(p);
      setLong(p, x);
      logical64(x);
      break;
    }
    case op.SMLALS: {
      const x = accumulator(p) + <u64>(<i64>(<i32>getN(p)) * <i64>(<i32>getM(p)));
      setLong(p, x);
      logical64(x);
      break;
    }
    case op.UMAAL:
      setLong(p, <u64>getN(p) * <u64>getM(p) + <u64>getA(p) + <u64>getD(p));
      break;
    case op.SMULXY:
      setD(p, <u32>(half(getN(p), aux(p) & 1) * half(getM(p), aux(p) & 2)));
      break;
    case op.SMLAXY:
      setD(
        p,
        overflowing(
          <i64>(half(getN(p), aux(p) & 1) * half(getM(p), aux(p) & 2)) + <i64>(<i32>getA(p)),
        ),
      );
      break;
    case op.SMLALXY:
      setLong(
        p,
        accumulator(p) + <u64>(<i64>(half(getN(p), aux(p) & 1) * half(getM(p), aux(p) & 2))),
      );
      break;
    case op.SMULWY:
      setD(p, <u32>((<i64>(<i32>getN(p)) * <i64>half(getM(p), aux(p) & 2)) >> 16));
      break;
    case op.SMLAWY:
      setD(
        p,
        overflowing(
          ((<i64>(<i32>getN(p)) * <i64>half(getM(p), aux(p) & 2)) >> 16) + <i64>(<i32>getA(p)),
        ),
      );
      break;
    case op.SMUAD:
    case op.SMLAD:
      setD(p, overflowing(dual(p, 1) + (number == op.SMLAD ? <i64>(<i32>getA(p)) : 0)));
      break;
    case op.SMUSD:
    case op.SMLSD:
      setD(p, overflowing(dual(p, -1) + (number == op.SMLSD ? <i64>(<i32>getA(p)) : 0)));
      break;
    case op.SMLALD:
      setLong(p, accumulator(p) + <u64>dual(p, 1));
      break;
    case op.SMLSLD:
      setLong(p, accumulator(p) + <u64>dual(p, -1));
      break;
    case op.SMMLA:
    case op.SMMLS: {
      const product = <i64>(<i32>getN(p)) * <i64>(<i32>getM(p));
      const sum = (<i64>getA(p) << 32) + (number == op.SMMLA ? product : -product);
      setD(p, <u32>((sum + (aux(p) ? <i64>0x80000000 : 0)) >> 32));
      break;
    }
    case op.USADA8: {
      const n = getN(p);
      const m = getM(p);
      let sum = getA(p);
      for (let i: u32 = 0; i < 32; i += 8) sum += difference((n >> i) & 0xff, (m >> i) & 0xff);
      setD(p, sum);
      break;
    }
    case op.EXTEND:
      setD(p, extend(getN(p), rotr<u32>(getM(p), imm(p)), aux(p)));
      break;
    case op.REV:
      setD(p, bswap<u32>(getM(p)));
      break;
    case op.REV16:
      setD(p, reverseHalves(getM(p)));
      break;
    case op.REVSH:
      setD(p, <u32>bottom(reverseHalves(getM(p))));
      break;
    case op.RBIT:
      setD(p, reverseBits(getM(p)));
      break;
    case op.SEL:
      setD(p, select(getN(p), getM(p)));
      break;
    case op.PKHBT:
      setD(p, (getN(p) & 0xffff) | ((getM(p) << imm(p)) & 0xffff0000));
      break;
    case op.PKHTB:
      setD(p, (getN(p) & 0xffff0000) | (asr(getM(p), imm(p)) & 0xffff));
      break;
    case op.SSAT:
      setD(p, signedSaturate(<i32>getM(p), imm(p)));
      break;
    case op.USAT:
      setD(p, unsignedSaturate(<i32>getM(p), imm(p)));
      break;
    case op.SSAT16:
      setD(p, pair(signedSaturate(bottom(getM(p)), imm(p)), signedSaturate(top(getM(p)), imm(p))));
      break;
    case op.USAT16:
      setD(p, pair(unsignedSaturate(bottom(getM(p)), imm(p)), unsignedSaturate(top(getM(p)), imm(p))));
      break;
    case op.QADD:
      setD(p, saturate(<i64>(<i32>getM(p)) + <i64>(<i32>getN(p))));
      break;
    case op.QSUB:
      setD(p, saturate(<i64>(<i32>getM(p)) - <i64>(<i32>getN(p))));
      break;
    case op.QDADD:
      setD(p, saturate(<i64>(<i32>getM(p)) + <i64>(<i32>saturate(<i64>(<i32>getN(p)) << 1))));
      break;
    case op.QDSUB:
      setD(p, saturate(<i64>(<i32>getM(p)) - <i64>(<i32>saturate(<i64>(<i32>getN(p)) << 1))));
      break;
    case op.PARALLEL:
      setD(p, parallel(getN(p), getM(p), aux(p)));
      break;
    case op.MRS:
      setD(p, statusRegister() | imm(p));
      break;
    case op.MSR: {
      const value = getN(p);
      if (aux(p) & 1) {
        setConditions(value);
        store<u32>(Q, (value >> 27) & 1);
      }
      if (aux(p) & 2) store<u32>(GE, (value >> 16) & 15);
      break;
    }
    case op.TPIDR_READ:
      setD(p, load<u32>(aux(p) ? TPIDRURW : TPIDRURO));
      break;
    case op.TPIDR_WRITE:
      store<u32>(TPIDRURW, getD(p));
      break;
    case op.LDRD: {
      const address = getN(p) + imm(p);
      checkWords(p, address);
      probeRead(p, address, 8);
      const low = read<u32>(p, address);
      setA(p, read<u32>(p, address + 4));
      setD(p, low);
      break;
    }
    case op.STRD: {
      const address = getN(p) + imm(p);
      checkWords(p, address);
      probeWrite(p, address, 8);
      write<u32>(p, address, getD(p));
      write<u32>(p, address + 4, getA(p));
      break;
    }
    case op.LDREX:
      loadExclusive(p);
      break;
    case op.STREX:
      storeExclusive(p);
      break;
    case op.ALIGNED:
      checkAligned(p, getN(p), aux(p));
      break;
    case op.CLREX:
      store<u32>(MONITOR_SIZE, 0);
      break;
    default:
      unreachable();
  }
}

/** Adds or subtracts the products of the halves; aux swaps those of M. */
@inline
function dual(p: usize, sign: i64): i64 {
  const n = getN(p);
  const m = aux(p) ? rotr<u32>(getM(p), 16) : getM(p);
  return <i64>(bottom(n) * bottom(m)) + sign * <i64>(top(n) * top(m));
}

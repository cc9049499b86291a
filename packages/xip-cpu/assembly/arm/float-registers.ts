/* Floating-point registers of an operation, and the modes and flags of FPSCR. */

import {
  F32,
  F64,
  INVALID,
  configure,
  defaultNaN,
  flags,
  isNaN,
  isSignaling,
  raise,
  unpack,
} from '../float/format';
import { FLOATS, FPSCR } from './state';

const FPSCR_IXC: u32 = 1 << 4;
const FPSCR_FZ: u32 = 1 << 24;
const FPSCR_DN: u32 = 1 << 25;
const FPSCR_AHP: u32 = 1 << 26;
const ROUNDING: u32 = 22;

@inline
export function d32(p: usize): u32 {
  return load<u32>(<usize>load<u8>(p, 2), FLOATS);
}

@inline
export function n32(p: usize): u32 {
  return load<u32>(<usize>load<u8>(p, 3), FLOATS);
}

@inline
export function m32(p: usize): u32 {
  return load<u32>(<usize>load<u8>(p, 4), FLOATS);
}

@inline
export function d64(p: usize): u64 {
  return load<u64>(<usize>load<u8>(p, 2), FLOATS);
}

@inline
export function n64(p: usize): u64 {
  return load<u64>(<usize>load<u8>(p, 3), FLOATS);
}

@inline
export function m64(p: usize): u64 {
  return load<u64>(<usize>load<u8>(p, 4), FLOATS);
}

@inline
export function setD32(p: usize, bits: u32): void {
  store<u32>(<usize>load<u8>(p, 2), bits, FLOATS);
}

@inline
export function setD64(p: usize, bits: u64): void {
  store<u64>(<usize>load<u8>(p, 2), bits, FLOATS);
}

/** Returns register D, of 16 bits or of format F32 or F64. */
@inline
export function operandD(p: usize, format: u32): u64 {
  return format == F64 ? d64(p) : <u64>d32(p);
}

@inline
export function operandN(p: usize, format: u32): u64 {
  return format == F64 ? n64(p) : <u64>n32(p);
}

@inline
export function operandM(p: usize, format: u32): u64 {
  return format == F64 ? m64(p) : <u64>m32(p);
}

@inline
export function setResult(p: usize, format: u32, bits: u64): void {
  if (format == F64) setD64(p, bits);
  else setD32(p, <u32>bits);
}

/**
 * True if WebAssembly's own arithmetic gives the same result: it rounds to nearest, has no flush to zero, and
 * does not report inexact results, so "inexact" must have been noted already.
 */
@inline
export function quick(): bool {
  return (load<u32>(FPSCR) & (FPSCR_IXC | FPSCR_FZ | (3 << ROUNDING))) == FPSCR_IXC;
}

/** True if a result is normal and not the smallest normal one: then no flag but "inexact" can apply. */
@inline
export function plain64(bits: u64): bool {
  return <u32>((bits >> 52) & 0x7ff) - 2 < 0x7fd;
}

@inline
export function plain32(bits: u32): bool {
  return ((bits >> 23) & 0xff) - 2 < 0xfd;
}

export function begin(): void {
  const fpscr = load<u32>(FPSCR);
  configure((fpscr >> ROUNDING) & 3, (fpscr & FPSCR_FZ) != 0, (fpscr & FPSCR_AHP) != 0);
}

/** Like `begin`, with the instruction's own rounding mode. */
export function beginRounding(direction: u32): void {
  const fpscr = load<u32>(FPSCR);
  configure(direction, (fpscr & FPSCR_FZ) != 0, (fpscr & FPSCR_AHP) != 0);
}

/** Adds the exceptions that have occurred to FPSCR. */
export function end(): void {
  store<u32>(FPSCR, load<u32>(FPSCR) | flags);
}

@inline
export function defaultNaNs(): bool {
  return (load<u32>(FPSCR) & FPSCR_DN) != 0;
}

/** Makes a NaN quiet. */
export function quiet(format: u32, bits: u64): u64 {
  if (isSignaling(format, bits)) raise(INVALID);
  return defaultNaNs() ? defaultNaN(format) : bits | (<u64>1 << <u64>(format - 1));
}

/** Reports operands that are flushed to zero, even beside a NaN. */
function noteDenormals(format: u32, a: u64, b: u64): void {
  unpack(format, a);
  unpack(format, b);
}

/** Returns which of two numbers, at least one of them NaN, becomes the result. */
export function chooseNaN(format: u32, a: u64, b: u64): u64 {
  noteDenormals(format, a, b);
  if (isSignaling(format, a)) return quiet(format, a);
  if (isSignaling(format, b)) return quiet(format, b);
  return quiet(format, isNaN(format, a) ? a : b);
}

export function chooseNaN3(format: u32, a: u64, b: u64, c: u64): u64 {
  noteDenormals(format, a, b);
  unpack(format, c);
  if (isSignaling(format, a)) return quiet(format, a);
  if (isSignaling(format, b)) return quiet(format, b);
  if (isSignaling(format, c)) return quiet(format, c);
  return quiet(format, isNaN(format, a) ? a : isNaN(format, b) ? b : c);
}

@inline
export function negated(format: u32, bits: u64): u64 {
  return bits ^ (format == F64 ? 0x8000000000000000 : 0x80000000);
}

@inline
export function single(bits: u32): f32 {
  return reinterpret<f32>(bits);
}

@inline
export function double(bits: u64): f64 {
  return reinterpret<f64>(bits);
}

/** The format of a floating-point operation: operations on doubles have odd numbers. */
@inline
export function formatOf(number: i32): u32 {
  return number & 1 ? F64 : F32;
}

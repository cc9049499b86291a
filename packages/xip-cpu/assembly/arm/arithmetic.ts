/* Sums and shifts that set the flags. */

import { C, NZ, V, carry, setNZ } from './state';

@inline
export function adds(a: u32, b: u32): u32 {
  const r = a + b;
  setNZ(r);
  store<u32>(C, r < a);
  store<u32>(V, (a ^ r) & (b ^ r));
  return r;
}

@inline
export function subs(a: u32, b: u32): u32 {
  const r = a - b;
  setNZ(r);
  store<u32>(C, a >= b);
  store<u32>(V, (a ^ b) & (a ^ r));
  return r;
}

@inline
export function adcs(a: u32, b: u32): u32 {
  const sum: u64 = <u64>a + <u64>b + <u64>carry();
  const r = <u32>sum;
  setNZ(r);
  store<u32>(C, <u32>(sum >> 32));
  store<u32>(V, (a ^ r) & (b ^ r));
  return r;
}

@inline
export function logical(r: u32): u32 {
  setNZ(r);
  return r;
}

@inline
export function logical64(r: u64): void {
  // For Z of 64 bits, the lower word must not be zero if the upper one is not.
  store<u64>(NZ, (r & 0xffffffff00000000) | <u64>(<u32>r | <u32>(r >> 32)));
}

@inline
export function lsl(x: u32, n: u32): u32 {
  return n < 32 ? x << n : 0;
}

@inline
export function lsr(x: u32, n: u32): u32 {
  return n < 32 ? x >> n : 0;
}

@inline
export function asr(x: u32, n: u32): u32 {
  return <u32>(<i32>x >> (n < 32 ? n : 31));
}

export function lsls(x: u32, n: u32): u32 {
  if (n != 0) store<u32>(C, n <= 32 ? (x >> ((32 - n) & 31)) & 1 : 0);
  return logical(lsl(x, n));
}

export function lsrs(x: u32, n: u32): u32 {
  if (n != 0) store<u32>(C, n <= 32 ? (x >> (n - 1)) & 1 : 0);
  return logical(lsr(x, n));
}

export function asrs(x: u32, n: u32): u32 {
  if (n != 0) store<u32>(C, n <= 32 ? (x >> (n - 1)) & 1 : x >> 31);
  return logical(asr(x, n));
}

export function rors(x: u32, n: u32): u32 {
  const r = rotr<u32>(x, n & 31);
  if (n != 0) store<u32>(C, r >> 31);
  return logical(r);
}

@inline
export function rrx(x: u32): u32 {
  return (carry() << 31) | (x >> 1);
}

/* Vectors: registers D, N and M of an operation are numbers of doublewords; 32 to 35 are temporary. */

import { FLOATS, FPSCR, STATE } from './state';

const FPSCR_QC: u32 = 1 << 27;

/** Place where a result is assembled, because its register may also be an operand. */
export const OUT: usize = STATE + 0x240;

@inline
export function vectorD(p: usize): usize {
  return FLOATS + (<usize>load<u8>(p, 2) << 3);
}

@inline
export function vectorN(p: usize): usize {
  return FLOATS + (<usize>load<u8>(p, 3) << 3);
}

@inline
export function vectorM(p: usize): usize {
  return FLOATS + (<usize>load<u8>(p, 4) << 3);
}

/** Elements have 1 << size bytes. */
@inline
export function sizeOf(p: usize): u32 {
  return load<u8>(p, 6) & 3;
}

@inline
export function isUnsigned(p: usize): bool {
  return (load<u8>(p, 6) & 4) != 0;
}

@inline
export function bytesOf(p: usize): u32 {
  return 8 << ((load<u8>(p, 6) >> 3) & 1);
}

export function lane(at: usize, index: u32, size: u32, withoutSign: bool): i64 {
  const from = at + (index << size);
  switch (size) {
    case 0:
      return withoutSign ? <i64>load<u8>(from) : <i64>load<i8>(from);
    case 1:
      return withoutSign ? <i64>load<u16>(from) : <i64>load<i16>(from);
    case 2:
      return withoutSign ? <i64>load<u32>(from) : <i64>load<i32>(from);
    default:
      return load<i64>(from);
  }
}

export function setLane(at: usize, index: u32, size: u32, value: i64): void {
  const to = at + (index << size);
  switch (size) {
    case 0:
      store<u8>(to, <u8>value);
      break;
    case 1:
      store<u16>(to, <u16>value);
      break;
    case 2:
      store<u32>(to, <u32>value);
      break;
    default:
      store<i64>(to, value);
  }
}

@inline
export function finish(p: usize, bytes: u32): void {
  memory.copy(vectorD(p), OUT, bytes);
}

/** Sets FPSCR.QC: a result was saturated. */
export function saturated(): void {
  store<u32>(FPSCR, load<u32>(FPSCR) | FPSCR_QC);
}

/** Returns the nearest value that fits an element of less than 64 bits. */
export function saturate(value: i64, size: u32, withoutSign: bool): i64 {
  const bits: u64 = 8 << size;
  const largest: i64 = withoutSign ? ((<i64>1) << bits) - 1 : ((<i64>1) << (bits - 1)) - 1;
  const lowest: i64 = withoutSign ? 0 : ~largest;
  if (value >= lowest && value <= largest) return value;
  saturated();
  return value < lowest ? lowest : largest;
}

/** Returns the extreme value of an element of any size. */
export function extreme(negative: bool, size: u32, withoutSign: bool): i64 {
  saturated();
  if (withoutSign) return negative ? 0 : <i64>(<u64>-1 >> (64 - (<u64>8 << size)));
  const largest = <i64>(<u64>-1 >> (65 - (<u64>8 << size)));
  return negative ? ~largest : largest;
}

/* Shifts of elements by any distance; a positive one shifts left. */

import { extreme, saturate } from './neon-registers';

/** Shifts right by 1 to 64 and more, rounding or not. */
export function shiftRight(x: i64, by: u32, withoutSign: bool, round: bool): i64 {
  if (by == 0) return x;
  if (by > 64) return withoutSign || round || x >= 0 ? 0 : -1;
  const half: i64 = !round ? 0 : withoutSign ? <i64>((<u64>x >> (by - 1)) & 1) : (x >> (by - 1)) & 1;
  if (by == 64) return (withoutSign || x >= 0 ? 0 : -1) + half;
  return (withoutSign ? <i64>(<u64>x >> by) : x >> by) + half;
}

export function shiftLeft(x: i64, by: u32): i64 {
  return by < 64 ? x << by : 0;
}

/**
 * Shifts left, saturating. `fromUnsigned` is the kind of `x`, `toUnsigned` the kind of the result.
 */
export function shiftLeftSaturating(x: i64, by: u32, size: u32, fromUnsigned: bool, toUnsigned: bool): i64 {
  if (x == 0) return 0;
  const negative = !fromUnsigned && x < 0;
  if (negative && toUnsigned) return extreme(true, size, true);
  const bits: u32 = 8 << size;
  if (by >= bits) return extreme(negative, size, toUnsigned);
  if (size < 3) return saturate(x << by, size, toUnsigned);
  const r = x << by;
  const back = toUnsigned ? <i64>(<u64>r >> by) : r >> by;
  return back == x ? r : extreme(negative, size, toUnsigned);
}

/** Shifts by the lowest byte of another element, which is signed. */
export function shiftBy(x: i64, distance: i64, withoutSign: bool, round: bool): i64 {
  const by = <i32>(<i8>distance);
  return by >= 0 ? shiftLeft(x, by) : shiftRight(x, -by, withoutSign, round);
}

export function shiftBySaturating(x: i64, distance: i64, size: u32, withoutSign: bool, round: bool): i64 {
  const by = <i32>(<i8>distance);
  if (by >= 0) return shiftLeftSaturating(x, by, size, withoutSign, withoutSign);
  return shiftRight(x, -by, withoutSign, round);
}

/* The checksum at the end of a zlib stream (RFC 1950, 8.2). */

import { sumOfLanes } from './words';

const BASE: u32 = 65521;
/** The number of bytes that can be summed up in 32 bits before the sums must be reduced. */
const CHUNK: u32 = 5552;

/** Adler-32 of `length` bytes. */
export function adler32(from: usize, length: u32): u32 {
  const first8 = i16x8(16, 15, 14, 13, 12, 11, 10, 9);
  const last8 = i16x8(8, 7, 6, 5, 4, 3, 2, 1);
  let a: u32 = 1;
  let b: u32 = 0;
  let at: u32 = 0;
  while (at < length) {
    const start = at;
    const end = min<u32>(length, start + CHUNK);
    let bytes = i32x4.splat(0);
    let weighted = i32x4.splat(0);
    let earlier = i32x4.splat(0);
    for (; at + 16 <= end; at += 16) {
      const v = v128.load(from + at);
      earlier = i32x4.add(earlier, bytes);
      bytes = i32x4.add(bytes, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(v)));
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(v), first8));
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(v), last8));
    }
    b += a * (at - start) + 16 * sumOfLanes(earlier) + sumOfLanes(weighted);
    a += sumOfLanes(bytes);
    for (; at < end; at++) {
      a += load<u8>(from + at);
      b += a;
    }
    a %= BASE;
    b %= BASE;
  }
  return (b << 16) | a;
}

/*
 * Hash chains of a block: for each position the nearest one before it whose next 4 (or 3) bytes have the
 * same hash. All are made in one pass before the parse: a block is short, and a tight loop is several
 * times as fast as inserting positions while matches are looked for.
 */

import { BYTES, MAX_BLOCK } from './memory';

const MAX_HASH_BITS: u32 = 15;
const HEADS_4: usize = memory.data(2 << 15, 16);
const HEADS_3: usize = memory.data(2 << 13, 16);
const HASH_3_BITS: u32 = 13;
const PREVIOUS_4: usize = memory.data(2 * (<i32>MAX_BLOCK + 16), 16);
const PREVIOUS_3: usize = memory.data(2 * (<i32>MAX_BLOCK + 16), 16);

/** Knuth's multiplier: 2^32 divided by the golden ratio. */
const MULTIPLIER: u32 = 0x9e3779b1;

/** Of a position with the same hash of 4 bytes: the one before, or 0. */
@inline
export function previous4(position: u32): u32 {
  return load<u16>(PREVIOUS_4 + ((<usize>position) << 1));
}

@inline
export function previous3(position: u32): u32 {
  return load<u16>(PREVIOUS_3 + ((<usize>position) << 1));
}

/** Makes the chains of a block of `length` bytes. */
export function makeChains(length: u32): void {
  // Twice as many heads as bytes, or more: few positions share a hash and nothing else.
  const bits = min<u32>(MAX_HASH_BITS, max<u32>(8, 33 - <u32>clz<u32>(length | 1)));
  const bits3 = min<u32>(bits, HASH_3_BITS);
  memory.fill(HEADS_4, 0, (<usize>2) << bits);
  memory.fill(HEADS_3, 0, (<usize>2) << bits3);
  hashAll(length, 32 - bits, 32 - bits3);
  let position: u32 = 1;
  for (; position + 3 <= length; position++) {
    const here = (<usize>position) << 1;
    const head4 = HEADS_4 + <usize>load<u16>(PREVIOUS_4 + here);
    const head3 = HEADS_3 + <usize>load<u16>(PREVIOUS_3 + here);
    store<u16>(PREVIOUS_4 + here, load<u16>(head4));
    store<u16>(PREVIOUS_3 + here, load<u16>(head3));
    store<u16>(head4, <u16>position);
    store<u16>(head3, <u16>position);
  }
  // The last three bytes start no match of 4, and are not worth one of 3.
  for (; position <= length + 1; position++) {
    store<u16>(PREVIOUS_4 + ((<usize>position) << 1), 0);
    store<u16>(PREVIOUS_3 + ((<usize>position) << 1), 0);
  }
}

/**
 * Stores the offset of each position's head, in bytes, in the place of the previous position: the
 * hashes of 8 positions at a time. A vector reads up to 20 bytes beyond the block; no such hash is
 * used.
 */
@inline
function hashAll(length: u32, shift4: u32, shift3: u32): void {
  const multiplier4 = i32x4.splat(MULTIPLIER);
  // The fourth byte is shifted out.
  const multiplier3 = i32x4.splat(MULTIPLIER << 8);
  for (let position: u32 = 1; position + 3 <= length; position += 8) {
    const first = fourWords(BYTES + position);
    const second = fourWords(BYTES + position + 4);
    const here = (<usize>position) << 1;
    v128.store(
      PREVIOUS_4 + here,
      i16x8.narrow_i32x4_u(
        i32x4.shl(i32x4.shr_u(i32x4.mul(first, multiplier4), shift4), 1),
        i32x4.shl(i32x4.shr_u(i32x4.mul(second, multiplier4), shift4), 1),
      ),
    );
    v128.store(
      PREVIOUS_3 + here,
      i16x8.narrow_i32x4_u(
        i32x4.shl(i32x4.shr_u(i32x4.mul(first, multiplier3), shift3), 1),
        i32x4.shl(i32x4.shr_u(i32x4.mul(second, multiplier3), shift3), 1),
      ),
    );
  }
}

/** Returns the words that start at four bytes in a row. */
@inline
function fourWords(from: usize): v128 {
  const bytes = v128.load(from);
  return v128.shuffle<u8>(bytes, bytes, 0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6);
}

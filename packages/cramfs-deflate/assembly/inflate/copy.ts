/* Copies the bytes of a match. */

/** By distance below 16: the lanes that repeat that many bytes. */
const LANES: usize = memory.data(16 * 16, 16);
/** By distance below 16: how many of 16 bytes are whole repetitions. */
const STRIDES: usize = memory.data(16, 16);

export function makeLanes(): void {
  for (let distance: u32 = 1; distance < 16; distance++) {
    for (let lane: u32 = 0; lane < 16; lane++) {
      store<u8>(LANES + distance * 16 + lane, <u8>(lane % distance));
    }
    store<u8>(STRIDES + distance, <u8>(16 - (16 % distance)));
  }
}

/** Copies a match. Writes up to 31 bytes past the end: most matches have at most 32, and need no loop. */
@inline
export function copyMatch(to: usize, end: usize, distance: u32): void {
  let from = to - distance;
  if (distance >= 16) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    while (to + 32 < end) {
      to += 32;
      from += 32;
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
    }
  } else {
    const pattern = i8x16.swizzle(v128.load(from), v128.load(LANES + distance * 16));
    const stride: usize = load<u8>(STRIDES + distance);
    do {
      v128.store(to, pattern);
      to += stride;
    } while (to < end);
  }
}

/* Parallel addition and subtraction of bytes and halves. */

import { GE } from './state';

/** Kinds, in aux >> 3; 2 and 5 halve. */
const SIGNED: u32 = 0;
const SATURATING: u32 = 1;
const UNSIGNED: u32 = 3;
const UNSIGNED_SATURATING: u32 = 4;

/** ADD16, ASX, SAX, SUB16, ADD8 and SUB8, in aux & 7. */
const ASX: u32 = 1;
const SAX: u32 = 2;
const SUB16: u32 = 3;
const ADD8: u32 = 4;
const SUB8: u32 = 5;

let ge: u32 = 0;

@inline
function extended(x: u32, bits: u32, isSigned: bool): i32 {
  const shift = 32 - bits;
  return isSigned ? <i32>(x << shift) >> shift : <i32>((x << shift) >> shift);
}

/** Returns one lane of a sum or difference; `geBits` are the GE bits of the lane. */
function lane(a: u32, b: u32, bits: u32, subtract: bool, kind: u32, geBits: u32): u32 {
  const isSigned = kind < UNSIGNED;
  const x = extended(a, bits, isSigned);
  const y = extended(b, bits, isSigned);
  let r = subtract ? x - y : x + y;
  const mask: u32 = (1 << bits) - 1;
  switch (kind) {
    case SIGNED:
      if (r >= 0) ge |= geBits;
      break;
    case UNSIGNED:
      if (subtract ? r >= 0 : r > <i32>mask) ge |= geBits;
      break;
    case SATURATING: {
      const largest = <i32>(mask >> 1);
      r = max(min(r, largest), ~largest);
      break;
    }
    case UNSIGNED_SATURATING:
      r = max(min(r, <i32>mask), 0);
      break;
    default:
      r >>= 1;
  }
  return <u32>r & mask;
}

export function parallel(n: u32, m: u32, selector: u32): u32 {
  const kind = selector >> 3;
  const what = selector & 7;
  ge = 0;
  let result: u32 = 0;
  if (what >= ADD8) {
    for (let i: u32 = 0; i < 4; i++) {
      const at = i << 3;
      result |= lane(n >> at, m >> at, 8, what == SUB8, kind, 1 << i) << at;
    }
  } else {
    const exchange = what == ASX || what == SAX;
    const low = exchange ? m >> 16 : m;
    const high = exchange ? m : m >> 16;
    result =
      lane(n, low, 16, what == ASX || what == SUB16, kind, 3) |
      (lane(n >> 16, high, 16, what == SAX || what == SUB16, kind, 12) << 16);
  }
  if (kind == SIGNED || kind == UNSIGNED) store<u32>(GE, ge);
  return result;
}

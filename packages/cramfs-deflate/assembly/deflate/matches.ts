/* Matches at one position. */

import { previous3, previous4 } from './chains';
import { BYTES } from './memory';
import { matchToken, MAX_DISTANCE, MAX_LENGTH, MIN_LENGTH } from './symbols';

/** The longest match that can start at a position. */
@inline
export function lengthLimit(position: u32, blockLength: u32): u32 {
  return min<u32>(MAX_LENGTH, blockLength - position + 1);
}

/**
 * Returns the number of equal bytes at `a` and `b`, at most `limit`; `from` of them are known to be
 * equal.
 */
@inline
export function equalBytes(a: usize, b: usize, from: u32, limit: u32): u32 {
  let length = from;
  while (length < limit) {
    const difference = load<u64>(a + length) ^ load<u64>(b + length);
    if (difference !== 0) return min<u32>(limit, length + <u32>(ctz<u64>(difference) >> 3));
    length += 8;
  }
  return limit;
}

/**
 * Returns the longest of the nearest `depth` matches that is longer than `longerThan` (3 or more).
 *
 * @param enough stop at a match of this length.
 * @returns a match token, or 0.
 */
@inline
export function longestMatch(
  position: u32,
  longerThan: u32,
  limit: u32,
  depth: u32,
  enough: u32,
): u32 {
  let candidate = previous4(position);
  if (candidate === 0 || limit <= longerThan) return 0;
  const here = BYTES + position;
  const start = load<u32>(here);
  let length = longerThan;
  let distance: u32 = 0;
  let tail = load<u32>(here + length - 3);
  let tries = depth;
  do {
    const there = BYTES + candidate;
    if (load<u32>(there + length - 3) === tail && load<u32>(there) === start) {
      if (position - candidate > MAX_DISTANCE) break;
      const found = equalBytes(here, there, 4, limit);
      if (found > length) {
        length = found;
        distance = position - candidate;
        if (length >= enough || length >= limit) break;
        tail = load<u32>(here + length - 3);
      }
    }
    candidate = previous4(candidate);
  } while (candidate !== 0 && --tries !== 0);
  return distance === 0 ? 0 : matchToken(length, distance);
}

/**
 * Returns the nearest match of 3 bytes among the last `tries` positions with their hash, at most
 * `farthest` bytes away.
 *
 * @returns a match token, or 0.
 */
@inline
export function shortMatch(position: u32, tries: u32, farthest: u32): u32 {
  const bytes = load<u32>(BYTES + position) << 8;
  let candidate = previous3(position);
  for (let k = tries; k !== 0 && candidate !== 0; k--) {
    const distance = position - candidate;
    if (distance > farthest) return 0;
    if (load<u32>(BYTES + candidate) << 8 === bytes) return matchToken(MIN_LENGTH, distance);
    candidate = previous3(candidate);
  }
  return 0;
}

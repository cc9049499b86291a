/* The parse of `default`: a match is taken unless the next position has a better one. */

import { BYTES, count, highestBit, LITLEN_COUNTS, TOKENS } from './memory';
import { previous3, previous4 } from './chains';
import { lengthLimit, longestMatch, shortMatch } from './matches';
import { countMatch, MIN_LENGTH, tokenDistance, tokenLength } from './symbols';

/** A match of that length is taken at once. */
const ENOUGH: u32 = 65;

/** Farther matches of 3 bytes cost more than their literals, where few different bytes occur... */
const FEW_BYTES: u32 = 48;
const FARTHEST_3_OF_FEW: u32 = 64;
/** ... and where many do. */
const FARTHEST_3: u32 = 4096;

/** The number of bytes that are counted at a time. */
const LOOKS: u32 = 256;

const SEEN: usize = memory.data(256, 16);

/** Whether a block has fewer different bytes. Most blocks have more in their first kilobyte. */
function hasFewBytes(length: u32): bool {
  memory.fill(SEEN, 0, 256);
  for (let position: u32 = 1; position <= length; ) {
    const end = min<u32>(length + 1, position + LOOKS);
    for (; position < end; position++) store<u8>(SEEN + load<u8>(BYTES + position), 1);
    let different: u32 = 0;
    for (let at: usize = 0; at < 256; at += 8) different += <u32>popcnt<u64>(load<u64>(SEEN + at));
    if (different >= FEW_BYTES) return false;
  }
  return true;
}

/** Writes the tokens of a block and counts their symbols; returns where the tokens end. */
export function lazyParse(length: u32, depth: u32): usize {
  const farthest3 = hasFewBytes(length) ? FARTHEST_3_OF_FEW : FARTHEST_3;
  let tokens = TOKENS;
  let position: u32 = 1;
  while (position <= length) {
    // About every second position has no candidate.
    if ((previous4(position) | previous3(position)) === 0) {
      tokens = putLiteral(tokens, load<u8>(BYTES + position++));
      continue;
    }
    let match = longestMatch(position, MIN_LENGTH, lengthLimit(position, length), depth, ENOUGH);
    if (match === 0) match = shortMatch(position, 2, farthest3);
    while (match !== 0 && tokenLength(match) < ENOUGH && position < length) {
      const next = longestMatch(
        position + 1,
        max<u32>(MIN_LENGTH, tokenLength(match) - 1),
        lengthLimit(position + 1, length),
        depth >> 1,
        ENOUGH,
      );
      if (next === 0 || !isBetter(next, match)) break;
      tokens = putLiteral(tokens, load<u8>(BYTES + position++));
      match = next;
    }
    if (match === 0) {
      tokens = putLiteral(tokens, load<u8>(BYTES + position++));
    } else {
      store<u32>(tokens, match);
      tokens += 4;
      countMatch(match);
      position += tokenLength(match);
    }
  }
  return tokens;
}

@inline
function putLiteral(tokens: usize, byte: u32): usize {
  store<u32>(tokens, byte);
  count(LITLEN_COUNTS, byte);
  return tokens + 4;
}

/** Whether a match is worth a literal before it: a byte of length counts as four bits of distance. */
@inline
function isBetter(next: u32, match: u32): bool {
  const longer = <i32>tokenLength(next) - <i32>tokenLength(match);
  const nearer =
    <i32>highestBit(tokenDistance(match)) - <i32>highestBit(tokenDistance(next));
  return longer >= 0 && 4 * longer + nearer > 1;
}

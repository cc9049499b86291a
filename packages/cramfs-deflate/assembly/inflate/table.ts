/* Tables that decode a prefix code (RFC 1951, 3.2.2), with bits in the order of the stream. */

import { INVALID, LONGER, SPECIAL } from './entries';
import { setWord, word } from '../words';

const MAX_BITS: u32 = 15;

/** By length: the number of codewords. */
const COUNTS: usize = memory.data(4 * 16, 16);
/** By length: the place of its next symbol in {@link SORTED}. */
const PLACES: usize = memory.data(4 * 17, 16);
/** Symbols in the order of their codewords. */
const SORTED: usize = memory.data(2 * 288, 16);

/**
 * Makes the table of a code. The first 2^`bits` entries are for the next `bits` bits; the tables of
 * longer codewords follow.
 *
 * @param lengths a byte for each of the `symbols` symbols: the bits of its codeword, 0 = it has
 * none.
 * @param entries a word for each symbol.
 * @param allowOne accept a code with one codeword of one bit, or with none, as zlib does.
 * @returns whether the code is complete, or one of those.
 */
export function makeTable(
  table: usize,
  bits: u32,
  lengths: usize,
  symbols: u32,
  entries: usize,
  allowOne: bool,
): bool {
  memory.fill(COUNTS, 0, 4 * 16);
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const at = COUNTS + ((<usize>load<u8>(lengths + symbol)) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  let max: u32 = MAX_BITS;
  while (max > 0 && word(COUNTS, max) === 0) max--;

  let left: i32 = 1;
  let place: u32 = 0;
  for (let length: u32 = 1; length <= max; length++) {
    setWord(PLACES, length, place);
    const count = word(COUNTS, length);
    place += count;
    left = (left << 1) - <i32>count;
    if (left < 0) return false;
  }
  if (left > 0) {
    if (!allowOne || max > 1) return false;
    for (let at: u32 = 0; at < 1 << bits; at++) setWord(table, at, SPECIAL | INVALID);
  }
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const length: u32 = load<u8>(lengths + symbol);
    if (length === 0) continue;
    const at = PLACES + ((<usize>length) << 2);
    const to = load<u32>(at);
    store<u32>(at, to + 1);
    store<u16>(SORTED + ((<usize>to) << 1), <u16>symbol);
  }
  if (left > 0) {
    if (place === 1) {
      const entry = word(entries, load<u16>(SORTED)) + 0x101;
      for (let at: u32 = 0; at < 1 << bits; at += 2) setWord(table, at, entry);
    }
    return true;
  }

  // Codewords have their first bit lowest, so the next one is the last plus 1 counted from the
  // other end.
  let codeword: u32 = 0;
  let at = SORTED;
  let length: u32 = 1;
  let size: u32 = 2;
  for (; ; length++) {
    const end = at + ((<usize>word(COUNTS, length)) << 1);
    for (; at < end; at += 2) {
      setWord(table, codeword, word(entries, load<u16>(at)) + length * 0x101);
      codeword = following(codeword, size - 1);
    }
    if (length >= max || length === bits) break;
    memory.copy(table + (size << 2), table, size << 2);
    size <<= 1;
  }
  for (; length < bits; length++) {
    memory.copy(table + (size << 2), table, size << 2);
    size <<= 1;
  }
  if (max <= bits) return true;

  // The other codewords go to tables of their own, one for each prefix of `bits` bits.
  let next: u32 = 1 << bits;
  let beginning: u32 = 0xffffffff;
  let subtable: u32 = 0;
  let subtableBits: u32 = 0;
  for (length = bits + 1; length <= max; length++) {
    size <<= 1;
    let count = word(COUNTS, length);
    for (; count > 0; count--, at += 2) {
      if ((codeword & ((1 << bits) - 1)) !== beginning) {
        beginning = codeword & ((1 << bits) - 1);
        subtable = next;
        subtableBits = length - bits;
        let room: i32 = (1 << subtableBits) - <i32>count;
        while (room > 0) {
          subtableBits++;
          room = (room << 1) - <i32>word(COUNTS, bits + subtableBits);
        }
        next += 1 << subtableBits;
        setWord(table, beginning, (subtable << 16) | SPECIAL | LONGER | (subtableBits << 8) | bits);
      }
      const entry = word(entries, load<u16>(at)) + (length - bits) * 0x101;
      const step: u32 = 1 << (length - bits);
      for (let k = codeword >> bits; k < 1 << subtableBits; k += step) {
        setWord(table, subtable + k, entry);
      }
      codeword = following(codeword, size - 1);
    }
  }
  return true;
}

/**
 * Returns the codeword after another one with as many bits as `mask`; after the last one, which is
 * all ones, 0.
 */
@inline
function following(codeword: u32, mask: u32): u32 {
  const zeros = codeword ^ mask;
  if (zeros === 0) return codeword;
  const bit: u32 = 1 << (31 - <u32>clz<u32>(zeros));
  return (codeword & (bit - 1)) | bit;
}

/* Tables that decode a prefix code (RFC 1951, 3.2.2), with bits in the order of the stream. */

import { INVALID, LONGER, SPECIAL } from './entries';
import { setWord, word } from '../words';

const MAX_BITS: u32 = 15;

/**
 * By length: the number of codewords. There are four copies, because adding to the same word twice
 * in a row takes time.
 */
const COUNTS: usize = memory.data(4 * 4 * 16, 16);
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
  countLengths(lengths, symbols);
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
  // Symbols without a codeword go to the end: skipping them would take a branch that cannot be
  // predicted.
  setWord(PLACES, 0, place);
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const length: u32 = load<u8>(lengths + symbol);
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
    repeatTable(table, size << 2);
    size <<= 1;
  }
  for (; length < bits; length++) {
    repeatTable(table, size << 2);
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

/** Counts codewords by their length. */
@inline
function countLengths(lengths: usize, symbols: u32): void {
  const zeros = i32x4.splat(0);
  for (let at: usize = COUNTS; at < COUNTS + 256; at += 16) v128.store(at, zeros);
  let symbol: u32 = 0;
  for (; symbol + 4 <= symbols; symbol += 4) {
    const four = load<u32>(lengths + symbol);
    countOne(COUNTS, four & 0xff);
    countOne(COUNTS + 64, (four >> 8) & 0xff);
    countOne(COUNTS + 128, (four >> 16) & 0xff);
    countOne(COUNTS + 192, four >> 24);
  }
  for (; symbol < symbols; symbol++) countOne(COUNTS, load<u8>(lengths + symbol));
  for (let at: usize = COUNTS; at < COUNTS + 64; at += 16) {
    const half = i32x4.add(v128.load(at), v128.load(at, 64));
    const other = i32x4.add(v128.load(at, 128), v128.load(at, 192));
    v128.store(at, i32x4.add(half, other));
  }
}

@inline
function countOne(counts: usize, length: u32): void {
  const at = counts + ((<usize>length) << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/**
 * Copies the first `bytes` of a table, which are 8 or a multiple of 16, to the place after them.
 */
@inline
function repeatTable(table: usize, bytes: usize): void {
  if (bytes === 8) {
    store<u64>(table, load<u64>(table), 8);
    return;
  }
  const end = table + bytes;
  for (let at = table; at < end; at += 16) v128.store(at + bytes, v128.load(at));
}

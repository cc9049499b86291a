/*
 * An entry of a table says what to do with the next bits. From its lowest bit on:
 *
 *   0..7    bits to drop: the codeword, and the extra bits after it
 *   8..11   bits of the codeword alone
 *   12      the end of the block
 *   13      a codeword without a meaning
 *   14      a longer codeword: `value` is the start of its table, bits 0..7 the bits of this part,
 *           bits 8..11 the bits that index its table
 *   15      one of the three above
 *   16..30  value: the literal, or the first length or distance
 *   31      a literal
 */
import { DIST_ENTRIES, LITLEN_ENTRIES, PRECODE_ENTRIES } from './memory';
import { setWord } from '../words';

export const END_OF_BLOCK: u32 = 1 << 12;
export const INVALID: u32 = 1 << 13;
export const LONGER: u32 = 1 << 14;
export const SPECIAL: u32 = 1 << 15;
export const LITERAL: u32 = 1 << 31;

@inline
export function value(entry: u32): u32 {
  return (entry >> 16) & 0x7fff;
}

/** Makes the entries of all symbols (RFC 1951, 3.2.5); symbols that cannot occur are invalid. */
export function makeEntries(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    setWord(LITLEN_ENTRIES, byte, LITERAL | (byte << 16));
  }
  setWord(LITLEN_ENTRIES, 256, SPECIAL | END_OF_BLOCK);
  let length: u32 = 3;
  for (let slot: u32 = 0; slot < 28; slot++) {
    const extra: u32 = slot < 8 ? 0 : (slot >> 2) - 1;
    setWord(LITLEN_ENTRIES, 257 + slot, (length << 16) | extra);
    length += 1 << extra;
  }
  setWord(LITLEN_ENTRIES, 285, 258 << 16);
  setWord(LITLEN_ENTRIES, 286, SPECIAL | INVALID);
  setWord(LITLEN_ENTRIES, 287, SPECIAL | INVALID);
  let distance: u32 = 1;
  for (let slot: u32 = 0; slot < 30; slot++) {
    const extra: u32 = slot < 4 ? 0 : (slot >> 1) - 1;
    setWord(DIST_ENTRIES, slot, (distance << 16) | extra);
    distance += 1 << extra;
  }
  setWord(DIST_ENTRIES, 30, SPECIAL | INVALID);
  setWord(DIST_ENTRIES, 31, SPECIAL | INVALID);
  for (let symbol: u32 = 0; symbol < 19; symbol++) setWord(PRECODE_ENTRIES, symbol, symbol << 16);
}

/* Splits a long block of input into deflate blocks with codes of their own. */

import { logarithm, BIT } from './logarithm';
import { count, DIST_COUNTS, DIST_SYMBOLS, END_OF_BLOCK, LITLEN_COUNTS, LITLEN_SYMBOLS, TOKENS } from './memory';
import { setWord, word } from '../words';
import { countMatch, isLiteral } from './symbols';

/** Shorter input is one block, because a second header costs more than its codes save. */
const WORTH_SPLITTING: u32 = 8192;
/** The number of tokens between two possible splits. */
const STEP: usize = 4 * 2048;
/** The approximate cost of a header. */
const HEADER: u32 = 70 * 8 * BIT;

const MAX_SEGMENTS: i32 = 40;
const ENDS: usize = memory.data(4 * MAX_SEGMENTS, 16);
export let segments: u32 = 0;

const LITLEN_BEFORE: usize = memory.data(4 * 288, 16);
const DIST_BEFORE: usize = memory.data(4 * 32, 16);

/** Returns the end of the tokens of a segment. */
export function segmentEnd(segment: u32): usize {
  return word(ENDS, segment);
}

/** Chooses the segments of a block's tokens. Overwrites the counts. */
export function splitTokens(length: u32, tokensEnd: usize): void {
  segments = 0;
  if (length > WORTH_SPLITTING) {
    clearCounts();
    let current: u32 = 0;
    for (let start = TOKENS; start < tokensEnd; start += STEP) {
      memory.copy(LITLEN_BEFORE, LITLEN_COUNTS, 4 * LITLEN_SYMBOLS);
      memory.copy(DIST_BEFORE, DIST_COUNTS, 4 * DIST_SYMBOLS);
      const end = min<usize>(tokensEnd, start + STEP);
      countTokens(start, end);
      const together = entropy();
      if (start !== TOKENS) {
        exceptBefore(LITLEN_COUNTS, LITLEN_BEFORE, LITLEN_SYMBOLS);
        exceptBefore(DIST_COUNTS, DIST_BEFORE, DIST_SYMBOLS);
        const alone = entropy();
        if (current + alone + HEADER < together) {
          setWord(ENDS, segments++, <u32>start);
          current = alone;
          continue;
        }
        andBefore(LITLEN_COUNTS, LITLEN_BEFORE, LITLEN_SYMBOLS);
        andBefore(DIST_COUNTS, DIST_BEFORE, DIST_SYMBOLS);
      }
      current = together;
    }
  }
  setWord(ENDS, segments++, <u32>tokensEnd);
}

/** Counts the symbols of a segment and the end of its block. */
export function countSegment(tokens: usize, tokensEnd: usize): void {
  clearCounts();
  countTokens(tokens, tokensEnd);
  setWord(LITLEN_COUNTS, END_OF_BLOCK, 1);
}

export function clearCounts(): void {
  memory.fill(LITLEN_COUNTS, 0, 4 * 288);
  memory.fill(DIST_COUNTS, 0, 4 * 32);
}

function countTokens(tokens: usize, tokensEnd: usize): void {
  for (let at = tokens; at < tokensEnd; at += 4) {
    const token = load<u32>(at);
    if (isLiteral(token)) count(LITLEN_COUNTS, token);
    else countMatch(token);
  }
}

/** Returns the cost of the counted symbols with ideal codes. */
function entropy(): u32 {
  return entropyOf(LITLEN_COUNTS, LITLEN_SYMBOLS) + entropyOf(DIST_COUNTS, DIST_SYMBOLS);
}

function entropyOf(counts: usize, symbols: u32): u32 {
  let all: u32 = 0;
  for (let symbol: u32 = 0; symbol < symbols; symbol++) all += word(counts, symbol);
  if (all === 0) return 0;
  const whole = logarithm(all);
  let total: u32 = 0;
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const occurs = word(counts, symbol);
    if (occurs !== 0) total += occurs * (whole - logarithm(occurs));
  }
  return total;
}

function exceptBefore(counts: usize, before: usize, symbols: u32): void {
  for (let k: u32 = 0; k < symbols; k++) setWord(counts, k, word(counts, k) - word(before, k));
}

function andBefore(counts: usize, before: usize, symbols: u32): void {
  for (let k: u32 = 0; k < symbols; k++) setWord(counts, k, word(counts, k) + word(before, k));
}

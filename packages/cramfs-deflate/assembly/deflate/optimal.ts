/*
 * The parse of `best`: the cheapest way through all matches of a block, with the costs of symbols
 * under the codes of the lazy parse. A second round with the codes of the first would save a
 * thousandth and take a quarter of the time.
 */

import { previous4 } from './chains';
import { chooseCodes } from './block';
import { BIT, logarithm } from './logarithm';
import { equalBytes, lengthLimit, shortMatch } from './matches';
import { BYTES, DIST_COUNTS, DIST_SYMBOLS, FIRST_LENGTH, LITLEN_COUNTS, LITLEN_SYMBOLS, MAX_BLOCK } from './memory';
import { setWord, word } from '../words';
import { countSegment } from './split';
import {
  distanceExtraBits,
  distanceSlot,
  isLiteral,
  lengthExtraBits,
  lengthSlot,
  matchToken,
  MAX_DISTANCE,
  MAX_LENGTH,
  MIN_LENGTH,
  tokenDistance,
  tokenLength,
} from './symbols';

/** The number of candidates that are examined at each position. */
const DEPTH: u32 = 48;
/** A match of this length is taken without looking further, and positions inside it are skipped. */
const ENOUGH: u32 = 65;
/** The most matches that are kept for a position, besides the longest. */
const MAX_MATCHES: u32 = 12;

/** The matches of all positions, the shortest first, and of each length the nearest. */
const MATCHES: usize = memory.data(4 * 12 * 65536, 16);
/** By position: the start of its matches. */
const STARTS: usize = memory.data(4 * (<i32>MAX_BLOCK + 16), 16);
/** By position: the cost of everything from there on. */
const COSTS: usize = memory.data(4 * (<i32>MAX_BLOCK + 16), 16);
/** By position: the token to take. */
const CHOICES: usize = memory.data(4 * (<i32>MAX_BLOCK + 16), 16);

const LITERAL_COSTS: usize = memory.data(4 * 256, 16);
const LENGTH_COSTS: usize = memory.data(4 * 260, 16);
const DISTANCE_COSTS: usize = memory.data(4 * 32, 16);

/** The chosen tokens, their end, and the number of bits of their codes. */
export const BEST: usize = memory.data(4 * 65536, 16);
export let bestEnd: usize = BEST;
export let bestBits: u32 = 0;

/** Finds the matches at all positions of a block whose chains are complete. */
export function findMatches(length: u32): void {
  let to = MATCHES;
  let position: u32 = 1;
  while (position <= length) {
    setWord(STARTS, position, <u32>to);
    const longest = findMatchesAt(position, lengthLimit(position, length), to);
    to = found;
    position++;
    if (longest >= ENOUGH) {
      for (let k = longest - 1; k !== 0; k--) setWord(STARTS, position++, <u32>to);
    }
  }
  setWord(STARTS, length + 1, <u32>to);
}

let found: usize = MATCHES;

/** @returns the longest length; `found` is the end of the matches. */
function findMatchesAt(position: u32, limit: u32, start: usize): u32 {
  let to = start;
  const short = limit < MIN_LENGTH ? 0 : shortMatch(position, 4, MAX_DISTANCE);
  if (short !== 0) {
    store<u32>(to, short);
    to += 4;
  }
  const last = start + 4 * <usize>(MAX_MATCHES - 1);
  const here = BYTES + position;
  const bytes = load<u32>(here);
  let longest = MIN_LENGTH;
  let candidate = previous4(position);
  for (let tries = DEPTH; tries !== 0 && candidate !== 0 && longest < limit; tries--) {
    const there = BYTES + candidate;
    const at = longest - 3;
    if (load<u32>(there + at) === load<u32>(here + at) && load<u32>(there) === bytes) {
      const distance = position - candidate;
      if (distance > MAX_DISTANCE) break;
      const equal = equalBytes(here, there, 4, limit);
      if (equal > longest) {
        longest = equal;
        if (to > last) to = last;
        store<u32>(to, matchToken(equal, distance));
        to += 4;
        if (equal >= ENOUGH) break;
      }
    }
    candidate = previous4(candidate);
  }
  found = to;
  return longest;
}

/**
 * Parses a segment of a block that was parsed and counted once. Afterwards the tokens are at BEST,
 * their codes are chosen and their symbols counted.
 */
export function optimalParse(first: u32, end: u32): void {
  estimateCosts();
  choose(first, end);
  bestEnd = follow(first, end);
  countSegment(BEST, bestEnd);
  const flat = chooseCodes(true);
  bestBits = chooseCodes(false);
  if (flat < bestBits) bestBits = chooseCodes(true);
}

/**
 * Estimates the costs of symbols with ideal codes for the counts. A symbol that does not occur
 * costs a bit more than one that occurs once.
 */
function estimateCosts(): void {
  const litlens = total(LITLEN_COUNTS, LITLEN_SYMBOLS);
  for (let symbol: u32 = 0; symbol < 256; symbol++) {
    setWord(LITERAL_COSTS, symbol, cost(word(LITLEN_COUNTS, symbol), litlens));
  }
  for (let length = MIN_LENGTH; length <= MAX_LENGTH; length++) {
    const slot = lengthSlot(length);
    const code = cost(word(LITLEN_COUNTS, FIRST_LENGTH + slot), litlens);
    setWord(LENGTH_COSTS, length, code + lengthExtraBits(slot) * BIT);
  }
  const dists = total(DIST_COUNTS, DIST_SYMBOLS);
  for (let slot: u32 = 0; slot < DIST_SYMBOLS; slot++) {
    const code = cost(word(DIST_COUNTS, slot), dists);
    setWord(DISTANCE_COSTS, slot, code + distanceExtraBits(slot) * BIT);
  }
}

function total(counts: usize, symbols: u32): u32 {
  let all: u32 = 1;
  for (let symbol: u32 = 0; symbol < symbols; symbol++) all += word(counts, symbol);
  return all;
}

@inline
function cost(occurs: u32, all: u32): u32 {
  return occurs === 0 ? logarithm(all) + BIT : logarithm(all) - logarithm(occurs);
}

/** Chooses the cheapest token and its cost for each position, from the last to the first. */
function choose(first: u32, end: u32): void {
  setWord(COSTS, end, 0);
  for (let position = end - 1; position >= first; position--) {
    const byte: u32 = load<u8>(BYTES + position);
    let cheapest = word(LITERAL_COSTS, byte) + word(COSTS, position + 1);
    let choice = byte;
    const room = end - position;
    const matchesEnd: usize = word(STARTS, position + 1);
    let length = MIN_LENGTH;
    for (let at: usize = word(STARTS, position); at < matchesEnd; at += 4) {
      const match = load<u32>(at);
      const distance = word(DISTANCE_COSTS, distanceSlot(tokenDistance(match)));
      const longest = min<u32>(room, tokenLength(match));
      for (; length <= longest; length++) {
        const all = distance + word(LENGTH_COSTS, length) + word(COSTS, position + length);
        if (all < cheapest) {
          cheapest = all;
          choice = matchToken(length, tokenDistance(match));
        }
      }
    }
    setWord(COSTS, position, cheapest);
    setWord(CHOICES, position, choice);
  }
}

/** Writes the chosen tokens; returns their end. */
function follow(first: u32, end: u32): usize {
  let to = BEST;
  for (let position = first; position < end; ) {
    const token = word(CHOICES, position);
    store<u32>(to, token);
    to += 4;
    position += isLiteral(token) ? 1 : tokenLength(token);
  }
  return to;
}

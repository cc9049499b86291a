/* A deflate block: its codes, its cost, its bits (RFC 1951, 3.2.3 to 3.2.7). */

import {
  alignToByte,
  bitCount,
  bits,
  output,
  putBits,
  putBytes,
  setBits,
} from './bits';
import { assignCodes, codeLengths, flattenCounts } from './huffman';
import { BYTES, count, DIST_COUNTS, DIST_SYMBOLS, END_OF_BLOCK, FIRST_LENGTH, LITLEN_COUNTS, LITLEN_SYMBOLS, PRECODE_SYMBOLS } from './memory';
import { setWord, sumOfLanes, word } from '../words';
import {
  distanceExtraBits,
  distanceSlot,
  firstDistance,
  firstLength,
  isLiteral,
  lastLength,
  LENGTH_SLOTS,
  lengthExtraBits,
  tokenDistance,
  tokenLength,
} from './symbols';

const STORED: u32 = 0;
const FIXED: u32 = 1;
const DYNAMIC: u32 = 2;
/** The longest stored block: its length has 16 bits. */
const MAX_STORED: u32 = 65535;

/**
 * Code lengths of literals and lengths; the lengths of distances follow directly when a header is
 * written.
 */
export const LITLEN_LENGTHS: usize = memory.data(288 + 32, 16);
export const DIST_LENGTHS: usize = memory.data(32, 16);
const LITLEN_CODES: usize = memory.data(4 * 288, 16);
const DIST_CODES: usize = memory.data(4 * 32, 16);
/** By length of a match: bits of its code and extra bits | their number << 24. */
const LENGTH_BITS: usize = memory.data(4 * 260, 16);
/** Counts after flattenCounts(). */
const FLAT_LITLEN: usize = memory.data(4 * 288, 16);
const FLAT_DIST: usize = memory.data(4 * 32, 16);

const PRECODE_COUNTS: usize = memory.data(4 * 20, 16);
const PRECODE_LENGTHS: usize = memory.data(32, 16);
const PRECODE_CODES: usize = memory.data(4 * 20, 16);
const PRECODE_ORDER: usize = memory.data<u8>([
  16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
]);
const PRECODE_EXTRA: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 7,
]);
/** Runs of code lengths: symbol | extra bits << 5. */
const RUNS: usize = memory.data(2 * 320, 16);

let litlenEnd: u32 = 0;
let distEnd: u32 = 0;
let precodeEnd: u32 = 0;
let runsEnd: usize = RUNS;

/**
 * Chooses the codes of a block from its counts, which include the end of the block.
 *
 * @param flatten whether codes may get worse for a shorter header.
 * @returns the bits of the block with these codes, without its first three and without extra bits.
 */
export function chooseCodes(flatten: bool): u32 {
  let litlen = LITLEN_COUNTS;
  let dist = DIST_COUNTS;
  if (flatten) {
    memory.copy(FLAT_LITLEN, LITLEN_COUNTS, 4 * LITLEN_SYMBOLS);
    memory.copy(FLAT_DIST, DIST_COUNTS, 4 * DIST_SYMBOLS);
    flattenCounts(FLAT_LITLEN, LITLEN_SYMBOLS);
    flattenCounts(FLAT_DIST, DIST_SYMBOLS);
    litlen = FLAT_LITLEN;
    dist = FLAT_DIST;
  }
  codeLengths(litlen, LITLEN_SYMBOLS, 15, LITLEN_LENGTHS);
  codeLengths(dist, DIST_SYMBOLS, 15, DIST_LENGTHS);
  return planHeader() + codeBits();
}

function codeBits(): u32 {
  return (
    bitsOf(LITLEN_COUNTS, LITLEN_LENGTHS, LITLEN_SYMBOLS) +
    bitsOf(DIST_COUNTS, DIST_LENGTHS, DIST_SYMBOLS)
  );
}

/** Adds up four symbols at a time: the counts beyond the last symbol are 0. */
function bitsOf(counts: usize, lengths: usize, symbols: u32): u32 {
  let total = i32x4.splat(0);
  for (let symbol: usize = 0; symbol < <usize>symbols; symbol += 4) {
    const four = i32x4.extend_low_i16x8_u(
      i16x8.extend_low_i8x16_u(v128.load32_zero(lengths + symbol)),
    );
    total = i32x4.add(total, i32x4.mul(v128.load(counts + (symbol << 2)), four));
  }
  return sumOfLanes(total);
}

/** Encodes the code lengths; returns the bits that they take. */
function planHeader(): u32 {
  litlenEnd = LITLEN_SYMBOLS;
  while (litlenEnd > FIRST_LENGTH && load<u8>(LITLEN_LENGTHS + litlenEnd - 1) === 0) litlenEnd--;
  distEnd = DIST_SYMBOLS;
  while (distEnd > 1 && load<u8>(DIST_LENGTHS + distEnd - 1) === 0) distEnd--;
  memory.copy(LITLEN_LENGTHS + litlenEnd, DIST_LENGTHS, distEnd);

  memory.fill(PRECODE_COUNTS, 0, 4 * 20);
  runsEnd = RUNS;
  const end = litlenEnd + distEnd;
  for (let at: u32 = 0; at < end; ) {
    const length: u32 = load<u8>(LITLEN_LENGTHS + at);
    let run: u32 = 1;
    while (at + run < end && load<u8>(LITLEN_LENGTHS + at + run) === length) run++;
    at += run;
    if (length === 0) {
      for (; run >= 11; run -= min<u32>(run, 138)) putRun(18, min<u32>(run, 138) - 11);
      if (run >= 3) {
        putRun(17, run - 3);
        run = 0;
      }
    } else {
      putRun(length, 0);
      for (run--; run >= 3; run -= min<u32>(run, 6)) putRun(16, min<u32>(run, 6) - 3);
    }
    for (; run !== 0; run--) putRun(length, 0);
  }
  // The lengths of distances were placed there only for the header.
  memory.fill(LITLEN_LENGTHS + litlenEnd, 0, distEnd);

  codeLengths(PRECODE_COUNTS, PRECODE_SYMBOLS, 7, PRECODE_LENGTHS);
  precodeEnd = PRECODE_SYMBOLS;
  while (precodeEnd > 4 && load<u8>(PRECODE_LENGTHS + load<u8>(PRECODE_ORDER + precodeEnd - 1)) === 0) {
    precodeEnd--;
  }
  let total: u32 = 14 + 3 * precodeEnd;
  for (let symbol: u32 = 0; symbol < PRECODE_SYMBOLS; symbol++) {
    const each = <u32>load<u8>(PRECODE_LENGTHS + symbol) + <u32>load<u8>(PRECODE_EXTRA + symbol);
    total += word(PRECODE_COUNTS, symbol) * each;
  }
  return total;
}

@inline
function putRun(symbol: u32, extra: u32): void {
  store<u16>(runsEnd, <u16>(symbol | (extra << 5)));
  runsEnd += 2;
  count(PRECODE_COUNTS, symbol);
}

function putHeader(): void {
  assignCodes(PRECODE_LENGTHS, PRECODE_SYMBOLS, PRECODE_CODES);
  putBits((litlenEnd - FIRST_LENGTH) | ((distEnd - 1) << 5) | ((precodeEnd - 4) << 10), 14);
  for (let k: u32 = 0; k < precodeEnd; k++) {
    putBits(load<u8>(PRECODE_LENGTHS + load<u8>(PRECODE_ORDER + k)), 3);
  }
  for (let run = RUNS; run < runsEnd; run += 2) {
    const symbol: u32 = load<u16>(run) & 31;
    const code = word(PRECODE_CODES, symbol);
    putBits(code & 0xffffff, code >> 24);
    putBits(load<u16>(run) >> 5, load<u8>(PRECODE_EXTRA + symbol));
  }
}

/** Sets the code lengths of a block without a header. */
function fixedCodes(): void {
  for (let symbol: u32 = 0; symbol < 288; symbol++) {
    const length: u8 = symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
    store<u8>(LITLEN_LENGTHS + symbol, length);
  }
  memory.fill(DIST_LENGTHS, 5, 32);
}

/** Returns the bits of the symbols with fixed codes: 8 each, 9 from 144 on, 7 from 256 to 279. */
function fixedBits(): u32 {
  return (
    8 * sumOf(LITLEN_COUNTS, 0, 288) +
    sumOf(LITLEN_COUNTS, 144, 256) -
    sumOf(LITLEN_COUNTS, 256, 280) +
    5 * sumOf(DIST_COUNTS, 0, 32)
  );
}

function sumOf(counts: usize, from: usize, to: usize): u32 {
  let total = i32x4.splat(0);
  for (let symbol = from; symbol < to; symbol += 4) {
    total = i32x4.add(total, v128.load(counts + (symbol << 2)));
  }
  return sumOfLanes(total);
}

/** Returns the number of extra bits after the codes of lengths and distances. */
function extraBits(): u32 {
  let total: u32 = 0;
  for (let slot: u32 = 0; slot < LENGTH_SLOTS; slot++) {
    total += word(LITLEN_COUNTS, FIRST_LENGTH + slot) * lengthExtraBits(slot);
  }
  for (let slot: u32 = 0; slot < DIST_SYMBOLS; slot++) {
    total += word(DIST_COUNTS, slot) * distanceExtraBits(slot);
  }
  return total;
}

/**
 * Writes a block in its shortest form.
 *
 * @param dynamicBits the result of {@link chooseCodes} for the codes that are chosen now.
 * @param first position of the block's first byte.
 */
export function putBlock(
  dynamicBits: u32,
  tokens: usize,
  tokensEnd: usize,
  first: u32,
  length: u32,
  isLast: u32,
): void {
  const extra = extraBits();
  const fixed = fixedBits();
  // Up to seven bits complete the previous byte.
  if (7 + 8 * storedBytes(length) <= 3 + extra + min<u32>(dynamicBits, fixed)) {
    putStored(first, length, isLast);
    return;
  }
  // Reading a header takes time, so fixed codes win a tie.
  const type = fixed <= dynamicBits ? FIXED : DYNAMIC;
  putBits(isLast | (type << 1), 3);
  if (type === DYNAMIC) putHeader();
  else fixedCodes();
  assignCodes(LITLEN_LENGTHS, type === FIXED ? 288 : LITLEN_SYMBOLS, LITLEN_CODES);
  assignCodes(DIST_LENGTHS, DIST_SYMBOLS, DIST_CODES);
  for (let slot: u32 = 0; slot < LENGTH_SLOTS; slot++) {
    if (word(LITLEN_COUNTS, FIRST_LENGTH + slot) !== 0) putLengths(slot);
  }
  putTokens(tokens, tokensEnd);
  const end = word(LITLEN_CODES, END_OF_BLOCK);
  putBits(end & 0xffffff, end >> 24);
}

/** The code and extra bits of the lengths of a slot. */
function putLengths(slot: u32): void {
  const code = word(LITLEN_CODES, FIRST_LENGTH + slot);
  const codeLength = code >> 24;
  const extraBits = lengthExtraBits(slot);
  const all = (code & 0xffffff) | ((codeLength + extraBits) << 24);
  const first = firstLength(slot);
  const last = lastLength(slot);
  for (let matched = first; matched <= last; matched++) {
    setWord(LENGTH_BITS, matched, all | ((matched - first) << codeLength));
  }
}

function putTokens(tokens: usize, tokensEnd: usize): void {
  let pending = bits;
  let pendingCount = bitCount;
  let to = output;
  for (let at = tokens; at < tokensEnd; at += 4) {
    const token = load<u32>(at);
    if (isLiteral(token)) {
      const code = word(LITLEN_CODES, token);
      pending |= (<u64>(code & 0xffffff)) << pendingCount;
      pendingCount += code >> 24;
    } else {
      // 7 pending bits, 20 bits of a length and 28 of a distance fit into 64.
      const length = word(LENGTH_BITS, tokenLength(token));
      pending |= (<u64>(length & 0xffffff)) << pendingCount;
      pendingCount += length >> 24;
      const slot = distanceSlot(tokenDistance(token));
      const distance = word(DIST_CODES, slot);
      pending |= (<u64>(distance & 0xffffff)) << pendingCount;
      pendingCount += distance >> 24;
      pending |= (<u64>(tokenDistance(token) - firstDistance(slot))) << pendingCount;
      pendingCount += distanceExtraBits(slot);
    }
    store<u64>(to, pending);
    to += pendingCount >> 3;
    pending >>= <u64>(pendingCount & ~7);
    pendingCount &= 7;
  }
  setBits(pending, pendingCount, to);
}

/** Returns the size of bytes that are stored, each part with its header. */
export function storedBytes(length: u32): u32 {
  return length + 5 * max<u32>(1, (length + MAX_STORED - 1) / MAX_STORED);
}

/** Writes bytes as they are; 65536 bytes take two blocks. */
export function putStored(first: u32, length: u32, isLast: u32): void {
  let from = first;
  let left = length;
  do {
    const part = min<u32>(left, MAX_STORED);
    left -= part;
    putBits((left === 0 ? isLast : 0) | (STORED << 1), 3);
    alignToByte();
    putBits(part | (~part << 16), 32);
    putBytes(BYTES + from, part);
    from += part;
  } while (left !== 0);
}

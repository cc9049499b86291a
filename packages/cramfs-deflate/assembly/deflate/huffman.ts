/* Huffman codes of limited length (RFC 1951, 3.2.2). */

import { count, LITLEN_SYMBOLS } from './memory';
import { setWord, word } from '../words';

const MAX_SYMBOLS: i32 = 288;
/**
 * Counts from here on share a bucket that is sorted by insertion, because few symbols are that
 * frequent.
 */
const BUCKETS: u32 = 256;
/** Deeper than any tree of counts that add up to 2^17 can be. */
const MAX_DEPTH: u32 = 32;

const BUCKET: usize = memory.data(4 * 256, 16);
/** The symbols that occur, rarest first: count << 9 | symbol. */
const LEAVES: usize = memory.data(4 * MAX_SYMBOLS, 16);
/** For each inner node, in the order in which they are made: the weight, later the depth. */
const NODES: usize = memory.data(4 * MAX_SYMBOLS, 16);
/** For each inner node: parent << 2 | number of leaves attached to it. */
const LINKS: usize = memory.data(4 * MAX_SYMBOLS, 16);
/** By length: the number of codes. */
const OF_LENGTH: usize = memory.data(4 * 40, 16);
const NEXT_CODE: usize = memory.data(4 * 16, 16);

/**
 * Gives every symbol that occurs a code length of 1 to `limit`, and the others 0. There are always
 * at least two codes: a single code is incomplete, and some inflaters refuse it.
 *
 * @param lengths a byte for each symbol.
 */
export function codeLengths(counts: usize, symbols: u32, limit: u32, lengths: usize): void {
  memory.fill(lengths, 0, symbols);
  const used = sortByCount(counts, symbols);
  if (used < 2) {
    const only: u32 = used === 0 ? 0 : word(LEAVES, 0) & 511;
    store<u8>(lengths + only, 1);
    store<u8>(lengths + (only === 0 ? 1 : 0), 1);
    return;
  }
  countLengths(used);
  limitLengths(limit);
  let leaf: u32 = 0;
  for (let length = limit; length !== 0; length--) {
    for (let k = word(OF_LENGTH, length); k !== 0; k--) {
      store<u8>(lengths + (word(LEAVES, leaf++) & 511), <u8>length);
    }
  }
}

/** @returns the number of symbols that occur. */
function sortByCount(counts: usize, symbols: u32): u32 {
  memory.fill(BUCKET, 0, 4 * <usize>BUCKETS);
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    count(BUCKET, min<u32>(word(counts, symbol), BUCKETS - 1));
  }
  let used: u32 = 0;
  for (let bucket: u32 = 1; bucket < BUCKETS; bucket++) {
    const inBucket = word(BUCKET, bucket);
    setWord(BUCKET, bucket, used);
    used += inBucket;
  }
  const firstFrequent = word(BUCKET, BUCKETS - 1);
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const occurs = word(counts, symbol);
    if (occurs === 0) continue;
    const bucket = min<u32>(occurs, BUCKETS - 1);
    const at = word(BUCKET, bucket);
    setWord(BUCKET, bucket, at + 1);
    setWord(LEAVES, at, (occurs << 9) | symbol);
  }
  for (let k = firstFrequent + 1; k < used; k++) {
    const leaf = word(LEAVES, k);
    let at = k;
    for (; at > firstFrequent && word(LEAVES, at - 1) > leaf; at--) {
      setWord(LEAVES, at, word(LEAVES, at - 1));
    }
    setWord(LEAVES, at, leaf);
  }
  return used;
}

/**
 * Joins the two lightest of leaves and inner nodes until the root is made. Both come in order of
 * weight.
 */
function countLengths(used: u32): void {
  const inner = used - 1;
  let nextLeaf: u32 = 0;
  let nextNode: u32 = 0;
  for (let node: u32 = 0; node < inner; node++) {
    let weight: u32 = 0;
    let leaves: u32 = 0;
    for (let child = 0; child < 2; child++) {
      const leafWeight: u32 = nextLeaf < used ? word(LEAVES, nextLeaf) >> 9 : u32.MAX_VALUE;
      if (nextNode >= node || leafWeight <= word(NODES, nextNode)) {
        weight += leafWeight;
        leaves++;
        nextLeaf++;
      } else {
        weight += word(NODES, nextNode);
        setWord(LINKS, nextNode, (node << 2) | (word(LINKS, nextNode) & 3));
        nextNode++;
      }
    }
    setWord(NODES, node, weight);
    setWord(LINKS, node, leaves);
  }
  memory.fill(OF_LENGTH, 0, 4 * 40);
  const root = inner - 1;
  setWord(NODES, root, 0);
  setWord(OF_LENGTH, 1, word(LINKS, root) & 3);
  for (let node = root; node-- !== 0;) {
    const link = word(LINKS, node);
    const depth = word(NODES, link >> 2) + 1;
    setWord(NODES, node, depth);
    const length = min<u32>(MAX_DEPTH, depth + 1);
    setWord(OF_LENGTH, length, word(OF_LENGTH, length) + (link & 3));
  }
}

/** Shortens codes that are too long, and lengthens the next shorter codes until all fit. */
function limitLengths(limit: u32): void {
  let tooLong: u32 = 0;
  for (let length = limit + 1; length <= MAX_DEPTH; length++) tooLong += word(OF_LENGTH, length);
  if (tooLong === 0) return;
  setWord(OF_LENGTH, limit, word(OF_LENGTH, limit) + tooLong);
  // In units of the longest code: all codes together may take 2^limit.
  let space: u32 = 0;
  for (let length: u32 = 1; length <= limit; length++) {
    space += word(OF_LENGTH, length) << (limit - length);
  }
  for (; space > (<u32>1) << limit; space--) {
    let length = limit - 1;
    while (word(OF_LENGTH, length) === 0) length--;
    setWord(OF_LENGTH, length, word(OF_LENGTH, length) - 1);
    setWord(OF_LENGTH, length + 1, word(OF_LENGTH, length + 1) + 2);
    setWord(OF_LENGTH, limit, word(OF_LENGTH, limit) - 1);
  }
}

/**
 * Assigns the codes as they are written, with their first bit lowest: bits of the code | length <<
 * 24.
 */
export function assignCodes(lengths: usize, symbols: u32, codes: usize): void {
  memory.fill(OF_LENGTH, 0, 4 * 16);
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    count(OF_LENGTH, load<u8>(lengths + symbol));
  }
  setWord(OF_LENGTH, 0, 0);
  let code: u32 = 0;
  for (let length: u32 = 1; length < 16; length++) {
    code = (code + word(OF_LENGTH, length - 1)) << 1;
    setWord(NEXT_CODE, length, code);
  }
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const length: u32 = load<u8>(lengths + symbol);
    if (length === 0) continue;
    const next = word(NEXT_CODE, length);
    setWord(NEXT_CODE, length, next + 1);
    setWord(codes, symbol, reversed(next, length) | (length << 24));
  }
}

function reversed(code: u32, length: u32): u32 {
  let bits = code;
  bits = ((bits & 0x5555) << 1) | ((bits >> 1) & 0x5555);
  bits = ((bits & 0x3333) << 2) | ((bits >> 2) & 0x3333);
  bits = ((bits & 0x0f0f) << 4) | ((bits >> 4) & 0x0f0f);
  bits = ((bits & 0x00ff) << 8) | (bits >> 8);
  return bits >> (16 - length);
}

const GOOD_RUNS: usize = memory.data(MAX_SYMBOLS, 16);

/** Neighbours whose counts differ by less than this may share their mean. */
const NEARLY_EQUAL: u32 = 6;
/** The number of symbols from which a run of equal lengths pays. */
const MIN_RUN: u32 = 4;

/**
 * Makes nearly equal counts of neighbours equal, so that their codes have one length. The header of
 * the block, which stores runs, gets shorter. In a block as short as 4 KiB this saves more than the
 * codes lose.
 */
export function flattenCounts(counts: usize, symbols: u32): void {
  let end = symbols;
  while (end > 0 && word(counts, end - 1) === 0) end--;
  if (end < MIN_RUN) return;
  markGoodRuns(counts, end);
  let run: u32 = 0;
  let total: u32 = 0;
  let mean = word(counts, 0);
  for (let symbol: u32 = 0; symbol <= end; symbol++) {
    const occurs: u32 = symbol < end ? word(counts, symbol) : 0;
    const apart = occurs > mean ? occurs - mean : mean - occurs;
    const breaks =
      symbol === end ||
      load<u8>(GOOD_RUNS + symbol) !== 0 ||
      apart >= NEARLY_EQUAL ||
      (occurs === 0) !== (mean === 0);
    if (breaks) {
      if (run >= MIN_RUN && total !== 0) {
        const shared = max<u32>(1, (total + run / 2) / run);
        for (let k = symbol - run; k < symbol; k++) setWord(counts, k, shared);
      }
      run = 0;
      total = 0;
      mean = occurs;
    }
    run++;
    total += occurs;
    if (run >= 4) mean = (total + run / 2) / run;
  }
}

/** Marks runs that are already encoded well. */
function markGoodRuns(counts: usize, end: u32): void {
  memory.fill(GOOD_RUNS, 0, LITLEN_SYMBOLS);
  let run: u32 = 0;
  for (let symbol: u32 = 0; symbol < end; symbol++) {
    const occurs = word(counts, symbol);
    run++;
    if (symbol + 1 < end && word(counts, symbol + 1) === occurs) continue;
    if (run >= (occurs === 0 ? 5 : 7)) memory.fill(GOOD_RUNS + symbol + 1 - run, 1, run);
    run = 0;
  }
}

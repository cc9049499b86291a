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

/** The symbols that occur, in their order: count << 9 | symbol. */
const USED: usize = memory.data(4 * MAX_SYMBOLS + 4, 16);
const BUCKET: usize = memory.data(4 * 256, 16);
/** The same, rarest first, with one after them that is never joined. */
const LEAVES: usize = memory.data(4 * MAX_SYMBOLS + 4, 16);
/** For each inner node, in the order in which they are made: the weight, later the depth. */
const NODES: usize = memory.data(4 * MAX_SYMBOLS, 16);
/** For each inner node: its parent. */
const PARENTS: usize = memory.data(4 * MAX_SYMBOLS, 16);
/** For each inner node: the number of leaves attached to it. */
const LEAVES_OF: usize = memory.data(4 * MAX_SYMBOLS, 16);
/** By length: the number of codes. */
const OF_LENGTH: usize = memory.data(4 * 40, 16);
const NEXT_CODE: usize = memory.data(4 * 16, 16);

/**
 * Gives every symbol that occurs a code length of 1 to `limit`, and the others 0. There are always
 * at least two codes: a single code is incomplete, and some inflaters refuse it.
 *
 * @param lengths a byte for each symbol, and up to 15 more, which are 0 then.
 */
export function codeLengths(counts: usize, symbols: u32, limit: u32, lengths: usize): void {
  memory.fill(lengths, 0, (symbols + 15) & ~15);
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

/** Sorts the symbols that occur. @returns their number. */
function sortByCount(counts: usize, symbols: u32): u32 {
  const used = listUsed(counts, symbols);
  memory.fill(BUCKET, 0, 4 * <usize>BUCKETS);
  let highest: u32 = 0;
  for (let k: u32 = 0; k < used; k++) {
    const bucket = min<u32>(word(USED, k) >> 9, BUCKETS - 1);
    highest = max<u32>(highest, bucket);
    count(BUCKET, bucket);
  }
  let before: u32 = 0;
  for (let bucket: u32 = 1; bucket <= highest; bucket++) {
    const inBucket = word(BUCKET, bucket);
    setWord(BUCKET, bucket, before);
    before += inBucket;
  }
  const firstFrequent = highest < BUCKETS - 1 ? used : word(BUCKET, BUCKETS - 1);
  for (let k: u32 = 0; k < used; k++) {
    const leaf = word(USED, k);
    const bucket = min<u32>(leaf >> 9, BUCKETS - 1);
    const at = word(BUCKET, bucket);
    setWord(BUCKET, bucket, at + 1);
    setWord(LEAVES, at, leaf);
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

/** Lists the symbols that occur, in their order, without a branch on each. @returns their number. */
function listUsed(counts: usize, symbols: u32): u32 {
  let used: u32 = 0;
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const occurs = word(counts, symbol);
    setWord(USED, used, (occurs << 9) | symbol);
    used += <u32>(occurs !== 0);
  }
  return used;
}

/**
 * Joins the two lightest of leaves and inner nodes until the root is made. Both come in order of
 * weight. There is no branch, because which of the two is lighter cannot be predicted.
 */
function countLengths(used: u32): void {
  const inner = used - 1;
  let nextLeaf: u32 = 0;
  let nextNode: u32 = 0;
  setWord(LEAVES, used, u32.MAX_VALUE);
  for (let node: u32 = 0; node < inner; node++) {
    // No node that is not made yet.
    setWord(NODES, node, u32.MAX_VALUE);
    let weight: u32 = 0;
    const before = nextLeaf;
    for (let child = 0; child < 2; child++) {
      const leaf = word(LEAVES, nextLeaf) >> 9;
      const other = word(NODES, nextNode);
      const isLeaf: u32 = <u32>(leaf <= other);
      weight += other ^ ((other ^ leaf) & (0 - isLeaf));
      // If it is the leaf, the node's parent is written again later.
      setWord(PARENTS, nextNode, node);
      nextLeaf += isLeaf;
      nextNode += 1 - isLeaf;
    }
    setWord(NODES, node, weight);
    setWord(LEAVES_OF, node, nextLeaf - before);
  }
  memory.fill(OF_LENGTH, 0, 4 * 40);
  const root = inner - 1;
  setWord(NODES, root, 0);
  setWord(OF_LENGTH, 1, word(LEAVES_OF, root));
  for (let node = root; node-- !== 0;) {
    const depth = word(NODES, word(PARENTS, node)) + 1;
    setWord(NODES, node, depth);
    const length = min<u32>(MAX_DEPTH, depth + 1);
    setWord(OF_LENGTH, length, word(OF_LENGTH, length) + word(LEAVES_OF, node));
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
 * 24. Symbols without a code keep what they had. Up to 15 lengths after the last are read: they
 * must be 0, or have the highest codes.
 */
export function assignCodes(lengths: usize, symbols: u32, codes: usize): void {
  memory.fill(OF_LENGTH, 0, 4 * 16);
  for (let symbol: u32 = 0; symbol < symbols; symbol += 16) {
    for (let set = symbolsWithCode(lengths + symbol); set !== 0; set &= set - 1) {
      count(OF_LENGTH, load<u8>(lengths + symbol + ctz(set)));
    }
  }
  let code: u32 = 0;
  for (let length: u32 = 1; length < 16; length++) {
    code = (code + word(OF_LENGTH, length - 1)) << 1;
    setWord(NEXT_CODE, length, code);
  }
  for (let symbol: u32 = 0; symbol < symbols; symbol += 16) {
    for (let set = symbolsWithCode(lengths + symbol); set !== 0; set &= set - 1) {
      const coded = symbol + ctz(set);
      const length: u32 = load<u8>(lengths + coded);
      const next = word(NEXT_CODE, length);
      setWord(NEXT_CODE, length, next + 1);
      setWord(codes, coded, reversed(next, length) | (length << 24));
    }
  }
}

/** Returns a bit for each of 16 symbols that has a code. */
@inline
function symbolsWithCode(lengths: usize): u32 {
  return <u32>i8x16.bitmask(i8x16.gt_u(v128.load(lengths), i8x16.splat(0)));
}

function reversed(code: u32, length: u32): u32 {
  let bits = code;
  bits = ((bits & 0x5555) << 1) | ((bits >> 1) & 0x5555);
  bits = ((bits & 0x3333) << 2) | ((bits >> 2) & 0x3333);
  bits = ((bits & 0x0f0f) << 4) | ((bits >> 4) & 0x0f0f);
  bits = ((bits & 0x00ff) << 8) | (bits >> 8);
  return bits >> (16 - length);
}

/** Neighbours whose counts differ by less than this may share their mean. */
const NEARLY_EQUAL: u32 = 6;
/** The number of symbols from which a run of equal lengths pays. */
const MIN_RUN: u32 = 4;
/** With that many equal counts or more the header gets no shorter. */
const MIN_RUN_OF_0: u32 = 5;
const MIN_RUN_OF_OTHERS: u32 = 7;

/**
 * Makes nearly equal counts of neighbours equal, so that their codes have one length. The header of
 * the block, which stores runs, gets shorter. In a block as short as 4 KiB this saves more than the
 * codes lose.
 */
export function flattenCounts(counts: usize, symbols: u32): void {
  let end = symbols;
  while (end > 0 && word(counts, end - 1) === 0) end--;
  if (end < MIN_RUN) return;
  let run: u32 = 0;
  let total: u32 = 0;
  let mean = word(counts, 0);
  /** The end of the run of equal counts that was examined last. */
  let looked: u32 = 0;
  for (let symbol: u32 = 0; symbol <= end; ) {
    const occurs: u32 = symbol < end ? word(counts, symbol) : 0;
    // Long runs are encoded well as they are, and are skipped as one.
    let equal: u32 = 1;
    if (symbol >= looked) {
      while (symbol + equal < end && word(counts, symbol + equal) === occurs) equal++;
      looked = symbol + equal;
      if (equal < <u32>(occurs === 0 ? MIN_RUN_OF_0 : MIN_RUN_OF_OTHERS)) equal = 1;
    }
    const apart = occurs > mean ? occurs - mean : mean - occurs;
    const breaks =
      symbol === end ||
      equal !== 1 ||
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
    symbol += equal;
  }
}

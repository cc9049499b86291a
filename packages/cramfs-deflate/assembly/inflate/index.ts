/*
 * Inflate for zlib streams that are completely in memory, and whose largest possible output is
 * known: the blocks of an image. There is no state to keep between calls, and no window but the
 * output. The rules for valid streams are those of zlib's inflate.c and inftrees.c.
 */

import { adler32 } from '../adler32';
import { copyMatch, makeLanes } from './copy';
import { END_OF_BLOCK, LITERAL, LONGER, SPECIAL, makeEntries, value } from './entries';
import { DIST_BITS, DIST_ENTRIES, DIST_TABLE, LENGTHS, LITLEN_BITS, LITLEN_ENTRIES, LITLEN_TABLE, PLACES, PRECODE_BITS, PRECODE_ENTRIES, PRECODE_TABLE, RESULTS } from './memory';
import { setWord, word } from '../words';
import { makeTable } from './table';

/** Reasons why there is no result. */
const CUT: i32 = -1;
const TOO_LONG: i32 = -2;
const BAD_HEADER: i32 = -3;
const BAD_BLOCK: i32 = -4;
const BAD_CODE: i32 = -5;
const BAD_DISTANCE: i32 = -6;
const BAD_CHECKSUM: i32 = -7;

/** The number of bytes past the stream that are read, as zeros. */
const INPUT_SLACK: u32 = 32;
/**
 * The number of bytes past the end of the output that are written: literals and a match, in chunks
 * of 16.
 */
const OUTPUT_SLACK: u32 = 320;

const PRECODE_ORDER: usize = memory.data<u8>([
  16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
]);

makeEntries();
makeLanes();

let input: usize = 0;
let inputStart: usize = 0;
let inputEnd: usize = 0;
let output: usize = 0;
let outputStart: usize = 0;
let outputEnd: usize = 0;
/**
 * The next bits of the stream, and how many of them are valid; the bits above are the same bits, or
 * zeros.
 */
let bits: u64 = 0;
let bitCount: u64 = 0;
let hasFixedTables = false;

/**
 * Makes room for a stream and for its output.
 *
 * @param phase the address of the stream; the result has the same last three bits. Memory that
 * threads share is copied seven times as fast between addresses that agree in them.
 * @returns the address for the stream.
 */
export function inputPointer(length: u32, maxLength: u32, phase: u32): usize {
  inputStart = ((__heap_base + 7) & ~7) + (phase & 7);
  inputEnd = inputStart + length;
  outputStart = (inputEnd + INPUT_SLACK + 15) & ~15;
  outputEnd = outputStart + maxLength;
  const pages = <i32>((outputEnd + OUTPUT_SLACK + 65535) >> 16) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) return 0;
  return inputStart;
}

export function outputPointer(): usize {
  return outputStart;
}

/**
 * Inflates the zlib stream at {@link inputPointer}, of the length that was given there.
 *
 * @returns the size of the output in bytes, or a negative number: the reason why there is none.
 */
export function inflate(): i32 {
  memory.fill(inputEnd, 0, INPUT_SLACK);
  return inflateStream();
}

/** The number of streams in a run, and the most bytes of each one's output. */
let runStreams: u32 = 0;
let runMaxLength: u32 = 0;

/**
 * Makes room for a run of streams that are near each other, and for their output, one after the
 * other.
 *
 * @param length bytes from the start of the first stream to the end of the last one.
 * @param phase as for {@link inputPointer}.
 * @returns the address for these bytes; 0 if there is not enough memory.
 */
export function runPointer(length: u32, streams: u32, maxLength: u32, phase: u32): usize {
  runStreams = streams;
  runMaxLength = maxLength;
  return inputPointer(length, streams * maxLength, phase);
}

/**
 * Returns the address for the places of a run's streams: two words each, the offset of the start
 * and the length.
 */
export function placesPointer(): usize {
  return PLACES;
}

/**
 * Returns the address of the results of a run's streams, a word each: what {@link inflate} would
 * return.
 */
export function resultsPointer(): usize {
  return RESULTS;
}

/**
 * Inflates the streams of a run. They are not followed by zeros. That makes no difference to a
 * sound stream, but a damaged one may get another error.
 */
export function inflateRun(): void {
  const data = inputStart;
  const content = outputStart;
  memory.fill(inputEnd, 0, INPUT_SLACK);
  for (let stream: u32 = 0; stream < runStreams; stream++) {
    inputStart = data + word(PLACES, 2 * stream);
    inputEnd = inputStart + word(PLACES, 2 * stream + 1);
    outputStart = content + stream * runMaxLength;
    outputEnd = outputStart + runMaxLength;
    setWord(RESULTS, stream, inflateStream());
  }
  outputStart = content;
}

function inflateStream(): i32 {
  input = inputStart;
  output = outputStart;
  bits = 0;
  bitCount = 0;
  const header: u32 = (<u32>load<u8>(input) << 8) | load<u8>(input + 1);
  input += 2;
  if (input > inputEnd) return CUT;
  // Deflate, a window of up to 32 KiB, no dictionary.
  const isValid = (header & 0x0f00) === 0x0800 && header >> 12 <= 7 && header % 31 === 0;
  if (!isValid || (header & 0x20) !== 0) return BAD_HEADER;

  let isLast = false;
  while (!isLast) {
    refill();
    isLast = (bits & 1) !== 0;
    const type = <u32>(bits >> 1) & 3;
    drop(3);
    let status: i32 = 0;
    if (type === 0) status = copyStored();
    else if (type === 3) status = BAD_BLOCK;
    else {
      status = type === 1 ? fixedTables() : dynamicTables();
      if (status === 0) status = inflateBlock();
    }
    if (status < 0) return status;
    if (position() > inputEnd) return CUT;
  }
  const checksum = position();
  if (checksum + 4 > inputEnd) return CUT;
  const length = <u32>(output - outputStart);
  if (bswap<u32>(load<u32>(checksum)) !== adler32(outputStart, length)) return BAD_CHECKSUM;
  return length;
}

/** At least 56 bits. */
@inline
function refill(): void {
  bits |= load<u64>(input) << bitCount;
  input += <usize>((63 - bitCount) >> 3);
  bitCount |= 56;
}

@inline
function drop(count: u64): void {
  bits >>= count;
  bitCount -= count;
}

/** Returns the address of the first byte of which no bit is used. */
@inline
function position(): usize {
  return input - <usize>(bitCount >> 3);
}

function copyStored(): i32 {
  const at = position();
  if (at + 4 > inputEnd) return CUT;
  const length: u32 = load<u16>(at);
  if ((length ^ <u32>load<u16>(at + 2)) !== 0xffff) return BAD_BLOCK;
  const from = at + 4;
  if (from + length > inputEnd) return CUT;
  if (output + length > outputEnd) return TOO_LONG;
  memory.copy(output, from, length);
  output += length;
  input = from + length;
  bits = 0;
  bitCount = 0;
  return 0;
}

function fixedTables(): i32 {
  if (hasFixedTables) return 0;
  memory.fill(LENGTHS, 8, 144);
  memory.fill(LENGTHS + 144, 9, 112);
  memory.fill(LENGTHS + 256, 7, 24);
  memory.fill(LENGTHS + 280, 8, 8);
  makeTable(LITLEN_TABLE, LITLEN_BITS, LENGTHS, 288, LITLEN_ENTRIES, true);
  memory.fill(LENGTHS, 5, 32);
  makeTable(DIST_TABLE, DIST_BITS, LENGTHS, 32, DIST_ENTRIES, true);
  hasFixedTables = true;
  return 0;
}

function dynamicTables(): i32 {
  hasFixedTables = false;
  refill();
  const litlens = (<u32>bits & 31) + 257;
  const dists = (<u32>(bits >> 5) & 31) + 1;
  const precodes = (<u32>(bits >> 10) & 15) + 4;
  drop(14);
  if (litlens > 286 || dists > 30) return BAD_CODE;
  v128.store(LENGTHS, i32x4.splat(0));
  v128.store(LENGTHS, i32x4.splat(0), 16);
  for (let k: u32 = 0; k < precodes; k++) {
    if (k === 14) refill();
    store<u8>(LENGTHS + load<u8>(PRECODE_ORDER + k), <u8>(bits & 7));
    drop(3);
  }
  if (!makeTable(PRECODE_TABLE, PRECODE_BITS, LENGTHS, 19, PRECODE_ENTRIES, false)) return BAD_CODE;
  const all = litlens + dists;
  let done: u32 = 0;
  while (done < all) {
    refill();
    if (input > inputEnd + 8) return CUT;
    const entry = word(PRECODE_TABLE, <u32>bits & ((1 << PRECODE_BITS) - 1));
    drop(entry & 15);
    const symbol = value(entry);
    if (symbol < 16) {
      store<u8>(LENGTHS + done++, <u8>symbol);
      continue;
    }
    let count: u32 = 0;
    let length: u8 = 0;
    if (symbol === 16) {
      if (done === 0) return BAD_CODE;
      length = load<u8>(LENGTHS + done - 1);
      count = 3 + (<u32>bits & 3);
      drop(2);
    } else if (symbol === 17) {
      count = 3 + (<u32>bits & 7);
      drop(3);
    } else {
      count = 11 + (<u32>bits & 127);
      drop(7);
    }
    if (done + count > all) return BAD_CODE;
    const lengths = i8x16.splat(length);
    for (let k: u32 = 0; k < count; k += 16) v128.store(LENGTHS + done + k, lengths);
    done += count;
  }
  if (load<u8>(LENGTHS + 256) === 0) return BAD_CODE;
  const isValid =
    makeTable(LITLEN_TABLE, LITLEN_BITS, LENGTHS, litlens, LITLEN_ENTRIES, true) &&
    makeTable(DIST_TABLE, DIST_BITS, LENGTHS + litlens, dists, DIST_ENTRIES, true);
  return isValid ? 0 : BAD_CODE;
}

function inflateBlock(): i32 {
  // Locals are registers; globals are memory. Only the lowest byte of `held` counts, so a whole
  // entry can be subtracted from it.
  let hold = bits;
  let held = bitCount;
  let from = input;
  let to = output;
  const limit = inputEnd + 8;
  const end = outputEnd;
  const start = outputStart;
  let status: i32 = 0;
  hold |= load<u64>(from) << held;
  from += 7 - (<usize>(held >> 3) & 7);
  held |= 56;
  // Look up the next entry before the match is copied: the processor does both at once.
  let entry = word(LITLEN_TABLE, <u32>hold & ((1 << LITLEN_BITS) - 1));
  for (;;) {
    // Bytes past the end are read as zeros: a stream that gets that far lacks bits.
    if (from > limit) {
      status = CUT;
      break;
    }
    if (to > end) {
      status = TOO_LONG;
      break;
    }
    if (<i32>entry < 0) {
      // Three literals of LITLEN_BITS and a length fit into 56 bits. A loop takes 2 % longer.
      hold >>= <u64>entry;
      held -= <u64>entry;
      store<u8>(to, <u8>(entry >> 16));
      to++;
      entry = word(LITLEN_TABLE, <u32>hold & ((1 << LITLEN_BITS) - 1));
      if (<i32>entry < 0) {
        hold >>= <u64>entry;
        held -= <u64>entry;
        store<u8>(to, <u8>(entry >> 16));
        to++;
        entry = word(LITLEN_TABLE, <u32>hold & ((1 << LITLEN_BITS) - 1));
        if (<i32>entry < 0) {
          hold >>= <u64>entry;
          held -= <u64>entry;
          store<u8>(to, <u8>(entry >> 16));
          to++;
          hold |= load<u64>(from) << held;
          from += 7 - (<usize>(held >> 3) & 7);
          held |= 56;
          entry = word(LITLEN_TABLE, <u32>hold & ((1 << LITLEN_BITS) - 1));
          continue;
        }
      }
    }
    if ((entry & SPECIAL) !== 0) {
      if ((entry & LONGER) !== 0) {
        hold >>= <u64>LITLEN_BITS;
        held -= <u64>LITLEN_BITS;
        const index = <u32>hold & ((1 << ((entry >> 8) & 15)) - 1);
        entry = word(LITLEN_TABLE, value(entry) + index);
      }
      if ((entry & SPECIAL) !== 0) {
        if ((entry & END_OF_BLOCK) === 0) {
          status = BAD_CODE;
        } else {
          hold >>= <u64>entry;
          held -= <u64>entry;
        }
        break;
      }
      if ((entry & LITERAL) !== 0) {
        hold >>= <u64>entry;
        held -= <u64>entry;
        store<u8>(to, <u8>(entry >> 16));
        to++;
        hold |= load<u64>(from) << held;
        from += 7 - (<usize>(held >> 3) & 7);
        held |= 56;
        entry = word(LITLEN_TABLE, <u32>hold & ((1 << LITLEN_BITS) - 1));
        continue;
      }
    }
    const length = (entry >> 16) + extraBits(hold, entry);
    hold >>= <u64>entry;
    held -= <u64>entry;

    hold |= load<u64>(from) << held;
    from += 7 - (<usize>(held >> 3) & 7);
    held |= 56;
    entry = word(DIST_TABLE, <u32>hold & ((1 << DIST_BITS) - 1));
    if ((entry & SPECIAL) !== 0) {
      if ((entry & LONGER) !== 0) {
        hold >>= <u64>DIST_BITS;
        held -= <u64>DIST_BITS;
        const index = <u32>hold & ((1 << ((entry >> 8) & 15)) - 1);
        entry = word(DIST_TABLE, value(entry) + index);
      }
      if ((entry & SPECIAL) !== 0) {
        status = BAD_CODE;
        break;
      }
    }
    const distance = (entry >> 16) + extraBits(hold, entry);
    hold >>= <u64>entry;
    held -= <u64>entry;
    if (distance > <u32>(to - start)) {
      status = BAD_DISTANCE;
      break;
    }
    hold |= load<u64>(from) << held;
    from += 7 - (<usize>(held >> 3) & 7);
    held |= 56;
    entry = word(LITLEN_TABLE, <u32>hold & ((1 << LITLEN_BITS) - 1));
    const stop = to + length;
    copyMatch(to, stop, distance);
    to = stop;
  }
  if (status === 0 && to > end) status = TOO_LONG;
  bits = hold;
  bitCount = held & 63;
  input = from;
  output = to;
  return status;
}

/** Returns those of the bits that an entry drops that follow its codeword. */
@inline
function extraBits(hold: u64, entry: u32): u32 {
  return (<u32>hold & ((1 << (entry & 31)) - 1)) >> ((entry >> 8) & 15);
}

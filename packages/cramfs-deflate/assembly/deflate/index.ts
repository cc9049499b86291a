/*
 * Deflate for blocks of up to 64 KiB. General compressors are made for megabytes: for every call
 * they clear tables of 192 KiB and more, and slide windows. Here a call compresses one block, the
 * tables are small, and no state is kept between blocks.
 */

import { adler32 } from '../adler32';
import { alignToByte, output, putBytes, startOutput } from './bits';
import { chooseCodes, putBlock, putStored, storedBytes } from './block';
import { makeChains } from './chains';
import { lazyParse } from './lazy';
import { makeLogarithms } from './logarithm';
import { END_OF_BLOCK, INPUT, LITLEN_COUNTS, OUTPUT, TOKENS } from './memory';
import { setWord } from '../words';
import { BEST, bestBits, bestEnd, findMatches, optimalParse } from './optimal';
import { clearCounts, countSegment, segmentEnd, segments, splitTokens } from './split';
import { isLiteral, makeLengthSlots, tokenLength } from './symbols';

/** The number of candidates for a match that `default` examines. */
const DEPTH: u32 = 12;

makeLengthSlots();
makeLogarithms();

/** Returns the address of the block to compress. */
export function inputPointer(): usize {
  return INPUT;
}

/** Returns the address of the zlib stream after compression. */
export function outputPointer(): usize {
  return OUTPUT;
}

/**
 * Compresses the first `length` bytes of the input, at most 65536.
 *
 * @param best choose the cheapest of all parses, in four times the time.
 * @returns the size of the zlib stream in bytes.
 */
export function compress(length: u32, best: bool): u32 {
  // Loads that read past the block must not see bytes of the previous block.
  store<u64>(INPUT + length, 0);
  store<u64>(INPUT + length + 8, 0);
  makeChains(length);
  clearCounts();
  const tokensEnd = lazyParse(length, DEPTH);

  startOutput();
  // CM 8, a window of 32 KiB, FLEVEL as zlib has it for its levels 6 and 9 (RFC 1950, 2.2).
  store<u16>(OUTPUT, best ? 0xda78 : 0x9c78);
  putBytes(OUTPUT, 2);
  if (best) findMatches(length);
  splitTokens(length, tokensEnd);
  setWord(LITLEN_COUNTS, END_OF_BLOCK, 1);
  let tokens = TOKENS;
  let position: u32 = 1;
  for (let segment: u32 = 0; segment < segments; segment++) {
    const end = segmentEnd(segment);
    const isLast: u32 = segment + 1 === segments ? 1 : 0;
    const first = position;
    if (segments === 1) position = length + 1;
    else {
      countSegment(tokens, end);
      for (let at = tokens; at < end; at += 4) {
        position += isLiteral(load<u32>(at)) ? 1 : tokenLength(load<u32>(at));
      }
    }
    if (best) {
      optimalParse(first, position);
      putBlock(bestBits, BEST, bestEnd, first, position - first, isLast);
    } else {
      putBlock(chooseCodes(true), tokens, end, first, position - first, isLast);
    }
    tokens = end;
  }
  alignToByte();
  if (<u32>(output - OUTPUT) > 2 + storedBytes(length)) {
    startOutput();
    putBytes(OUTPUT, 2);
    putStored(1, length, 1);
  }
  store<u32>(output, bswap<u32>(adler32(INPUT, length)));
  return <u32>(output - OUTPUT) + 4;
}

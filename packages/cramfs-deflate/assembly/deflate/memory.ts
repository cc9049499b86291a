/*
 * The layout of memory. The module has no heap, only one block of input, one of output, and tables
 * of fixed size. The first byte of the block has position 1, so that 0 can mean "none" in 16 bits;
 * the byte at position p is at BYTES + p.
 */

/** The size of the longest block. */
export const MAX_BLOCK: u32 = 65536;
/**
 * The number of symbols of literals, end of block and lengths; of distances; of code lengths (RFC
 * 1951, 3.2.7).
 */
export const LITLEN_SYMBOLS: u32 = 286;
export const DIST_SYMBOLS: u32 = 30;
export const PRECODE_SYMBOLS: u32 = 19;
export const END_OF_BLOCK: u32 = 256;
export const FIRST_LENGTH: u32 = 257;

/** Loads of up to 8 bytes may reach past the last byte. */
const SLACK: i32 = 16;

export const INPUT: usize = memory.data(<i32>MAX_BLOCK + SLACK, 16);
export const BYTES: usize = INPUT - 1;
/** Room for a stored block with all headers, and for bytes that are written ahead. */
export const OUTPUT: usize = memory.data(<i32>MAX_BLOCK + 1024, 16);

/** One word for each literal or match of the block: see tokens.ts. */
export const TOKENS: usize = memory.data(4 * <i32>MAX_BLOCK, 16);

/** How often each symbol occurs. */
export const LITLEN_COUNTS: usize = memory.data(4 * 288, 16);
export const DIST_COUNTS: usize = memory.data(4 * 32, 16);

@inline
export function count(table: usize, index: u32): void {
  const at = table + ((<usize>index) << 2);
  store<u32>(at, load<u32>(at) + 1);
}

/** Returns the number of the highest bit that is set in a number above 0. */
@inline
export function highestBit(value: u32): u32 {
  return 31 - <u32>clz<u32>(value);
}

/*
 * Where everything is. Tables have fixed places; the stream and what it gives go after them, where the
 * memory grows as long streams need it.
 */

/** Entries of a table: a word each. As many as zlib's enough.c finds for the worst code, rounded up. */
export const LITLEN_BITS: u32 = 11;
export const DIST_BITS: u32 = 8;
export const LITLEN_TABLE: usize = memory.data(4 * 2560, 16);
export const DIST_TABLE: usize = memory.data(4 * 512, 16);

/** By symbol: its entry but for the length of its codeword. */
export const LITLEN_ENTRIES: usize = memory.data(4 * 288, 16);
export const DIST_ENTRIES: usize = memory.data(4 * 32, 16);

export const PRECODE_BITS: u32 = 7;
/** An entry is the length of the codeword, and the symbol in the upper half. */
export const PRECODE_TABLE: usize = memory.data(4 * 128, 16);
export const PRECODE_ENTRIES: usize = memory.data(4 * 19, 16);

/** A byte each: lengths of codewords. A run of zeros may be written past the last. */
export const LENGTHS: usize = memory.data(320 + 144, 16);

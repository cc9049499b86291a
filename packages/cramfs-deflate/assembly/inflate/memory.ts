/*
 * The layout of memory. Tables have fixed places. The stream and its output follow them, and the
 * memory grows as long streams need it.
 */

/**
 * Bits that index a table. The number of entries, a word each, is the worst that zlib's enough.c
 * finds, rounded up.
 */
export const LITLEN_BITS: u32 = 11;
export const DIST_BITS: u32 = 8;
export const LITLEN_TABLE: usize = memory.data(4 * 2560, 16);
export const DIST_TABLE: usize = memory.data(4 * 512, 16);

/** By symbol: its entry without the length of its codeword. */
export const LITLEN_ENTRIES: usize = memory.data(4 * 288, 16);
export const DIST_ENTRIES: usize = memory.data(4 * 32, 16);

export const PRECODE_BITS: u32 = 7;
/** Each entry has the length of the codeword, and the symbol in the upper half. */
export const PRECODE_TABLE: usize = memory.data(4 * 128, 16);
export const PRECODE_ENTRIES: usize = memory.data(4 * 19, 16);

/** Lengths of codewords, a byte each. A run of zeros may be written past the last one. */
export const LENGTHS: usize = memory.data(320 + 144, 16);

/** The most streams in a run: see inflateRun(). */
const RUN_STREAMS: u32 = 64;
export const PLACES: usize = memory.data(8 * RUN_STREAMS, 16);
export const RESULTS: usize = memory.data(4 * RUN_STREAMS, 16);

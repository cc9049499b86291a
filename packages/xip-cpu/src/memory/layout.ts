/*
 * The tables in which processors look up pages, in the 64 KiB that LinearMemory keeps for a
 * processor. assembly/memory/ is compiled with these numbers.
 */

/** Processors look up pieces of 4 KiB: no page is smaller. */
export const PIECE = 0x1000;

/**
 * Tables with one place for each piece (TLBs). An entry has 16 bytes: 64 bits of the piece's
 * address, and 32 bits that locate it. No piece has an address of all ones.
 */
export const TLB_ENTRIES = 1024;
export const TLB_ENTRY_SHIFT = 4;
export const TLB_BYTES = TLB_ENTRIES << TLB_ENTRY_SHIFT;
/** The number to add to an address to get its place in linear memory, modulo 2^32. */
export const READ_TLB = 0x4000;
export const WRITE_TLB = 0x8000;
/**
 * The piece's map: 32 bits for each halfword, 0 or the operation there. Bit 0 of the address is the instruction set, if
 * a processor has two.
 */
export const FETCH_TLB = 0xc000;
/** The bit of an entry's offset that the instruction set inverts. */
export const MODE_SHIFT = 13;

/** The end of the 64 KiB. The part before the TLBs is the processor's own. */
export const TLB_END = 0x10000;

/* The tables of pieces, as src/memory/layout.ts describes them. `T` is the type of an address: u32 or u64. */

import { FETCH_TLB, MODE_SHIFT, PIECE, TLB_ENTRIES, TLB_ENTRY_SHIFT } from '../../src/memory/layout';

/**
 * Returns the entry of a piece in a table. Addresses of stacks and libraries end alike: a second
 * part of the address tells them apart.
 */
// @ts-ignore: decorator
@inline
export function entryOf<T>(tlb: u32, address: T): u32 {
  const low = <u32>address;
  return tlb + (((low >> 8) ^ (low >> 18)) & ((TLB_ENTRIES - 1) << TLB_ENTRY_SHIFT));
}

/** Whether an entry, found by the first byte's piece, holds all `bytes` at an address. */
// @ts-ignore: decorator
@inline
export function holds<T>(entry: u32, address: T, bytes: T): bool {
  // The piece of the last byte: what lies in two pieces finds the entry of the first with the address of the second.
  return load<T>(entry) == ((address + (bytes - 1)) & ~<T>(PIECE - 1));
}

/** Returns the place of an address that an entry holds. */
// @ts-ignore: decorator
@inline
export function placeIn<T>(entry: u32, address: T): u32 {
  return <u32>address + load<u32>(entry, 8);
}

/**
 * Returns the entry of a piece of code. Pieces may have code of both instruction sets, which have
 * different entries.
 */
// @ts-ignore: decorator
@inline
export function codeEntryOf<T>(pc: T): u32 {
  const entry = entryOf<T>(FETCH_TLB, pc);
  return sizeof<T>() == 4 ? entry ^ ((<u32>pc & 1) << MODE_SHIFT) : entry;
}

/** Returns the operation at an address of code; 0: TypeScript must fetch it. */
// @ts-ignore: decorator
@inline
export function findCode<T>(pc: T): u32 {
  const entry = codeEntryOf<T>(pc);
  if (load<T>(entry) != (pc & ~<T>(PIECE - 2))) return 0;
  return load<u32>(load<u32>(entry, 8) + ((<u32>pc & (PIECE - 2)) << 1));
}

/* Symbols of lengths and distances, and the bits that follow them (RFC 1951, 3.2.5). */

import { count, DIST_COUNTS, FIRST_LENGTH, highestBit, LITLEN_COUNTS } from './memory';

export const MIN_LENGTH: u32 = 3;
export const MAX_LENGTH: u32 = 258;
export const MAX_DISTANCE: u32 = 32768;

/** The number of symbols of lengths. */
export const LENGTH_SLOTS: u32 = 29;

/** By length: its symbol, less that of length 3. */
const SLOTS: usize = memory.data(260);

export function makeLengthSlots(): void {
  let length = MIN_LENGTH;
  for (let slot: u32 = 0; slot < 28; slot++) {
    const lengths: u32 = 1 << lengthExtraBits(slot);
    for (let k: u32 = 0; k < lengths && length < MAX_LENGTH; k++) {
      store<u8>(SLOTS + length++, <u8>slot);
    }
  }
  store<u8>(SLOTS + MAX_LENGTH, 28);
}

@inline
export function lengthSlot(length: u32): u32 {
  return load<u8>(SLOTS + length);
}

@inline
export function lengthExtraBits(slot: u32): u32 {
  return slot < 8 || slot === 28 ? 0 : (slot >> 2) - 1;
}

export function firstLength(slot: u32): u32 {
  if (slot < 8) return slot + MIN_LENGTH;
  if (slot === 28) return MAX_LENGTH;
  return (((slot & 3) + 4) << lengthExtraBits(slot)) + MIN_LENGTH;
}

export function lastLength(slot: u32): u32 {
  return slot === LENGTH_SLOTS - 1 ? MAX_LENGTH : firstLength(slot + 1) - 1;
}

@inline
export function distanceSlot(distance: u32): u32 {
  const from0 = distance - 1;
  if (from0 < 4) return from0;
  const bit = highestBit(from0);
  return (bit << 1) + ((from0 >> (bit - 1)) & 1);
}

@inline
export function distanceExtraBits(slot: u32): u32 {
  return slot < 4 ? 0 : (slot >> 1) - 1;
}

@inline
export function firstDistance(slot: u32): u32 {
  return slot < 4 ? slot + 1 : ((2 + (slot & 1)) << ((slot >> 1) - 1)) + 1;
}

/*
 * A token is a literal (its byte) or a match (its distance in the upper half, its length in the lower).
 */

@inline
export function matchToken(length: u32, distance: u32): u32 {
  return (distance << 16) | length;
}

@inline
export function isLiteral(token: u32): bool {
  return token < 65536;
}

@inline
export function tokenLength(token: u32): u32 {
  return token & 0xffff;
}

@inline
export function tokenDistance(token: u32): u32 {
  return token >> 16;
}

@inline
export function countMatch(token: u32): void {
  count(LITLEN_COUNTS, FIRST_LENGTH + lengthSlot(tokenLength(token)));
  count(DIST_COUNTS, distanceSlot(tokenDistance(token)));
}

import { bit, bits } from '../encoding.js';

/** Offsets in bytes of a floating-point instruction's registers in the register file. */

export function isDouble(word: number): boolean {
  return bit(word, 8);
}

export function singleD(word: number): number {
  return ((bits(word, 12, 4) << 1) | bits(word, 22, 1)) * 4;
}

export function singleN(word: number): number {
  return ((bits(word, 16, 4) << 1) | bits(word, 7, 1)) * 4;
}

export function singleM(word: number): number {
  return ((bits(word, 0, 4) << 1) | bits(word, 5, 1)) * 4;
}

export function doubleD(word: number): number {
  return (bits(word, 12, 4) | (bits(word, 22, 1) << 4)) * 8;
}

export function doubleN(word: number): number {
  return (bits(word, 16, 4) | (bits(word, 7, 1) << 4)) * 8;
}

export function doubleM(word: number): number {
  return (bits(word, 0, 4) | (bits(word, 5, 1) << 4)) * 8;
}

/** Returns the offset of D, whose size bit 8 gives. */
export function floatD(word: number): number {
  return isDouble(word) ? doubleD(word) : singleD(word);
}

export function floatN(word: number): number {
  return isDouble(word) ? doubleN(word) : singleN(word);
}

export function floatM(word: number): number {
  return isDouble(word) ? doubleM(word) : singleM(word);
}

/* The bits of a deflate stream, lowest first. */

import { OUTPUT } from './memory';

export let bits: u64 = 0;
export let bitCount: u32 = 0;
export let output: usize = OUTPUT;

export function startOutput(): void {
  bits = 0;
  bitCount = 0;
  output = OUTPUT;
}

/** Adds up to 32 bits. */
export function putBits(value: u32, length: u32): void {
  bits |= (<u64>value) << bitCount;
  bitCount += length;
  drain();
}

/** Sets the state that a fast loop has kept in locals. */
export function setBits(newBits: u64, newCount: u32, newOutput: usize): void {
  bits = newBits;
  bitCount = newCount;
  output = newOutput;
}

@inline
function drain(): void {
  store<u64>(output, bits);
  output += bitCount >> 3;
  bits >>= <u64>(bitCount & ~7);
  bitCount &= 7;
}

/** Fills up the last byte with zeros. */
export function alignToByte(): void {
  if (bitCount !== 0) {
    store<u8>(output++, <u8>bits);
    bits = 0;
    bitCount = 0;
  }
}

export function putBytes(from: usize, length: u32): void {
  memory.copy(output, from, length);
  output += length;
}

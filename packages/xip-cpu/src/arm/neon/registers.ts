import type { Emitter } from '../emitter.js';
import { bit, bits } from '../encoding.js';

/** Numbers of doubleword registers. Quadwords are pairs, and have even ones. */
export function vectorD(word: number): number {
  return bits(word, 12, 4) | (bits(word, 22, 1) << 4);
}

export function vectorN(word: number): number {
  return bits(word, 16, 4) | (bits(word, 7, 1) << 4);
}

export function vectorM(word: number): number {
  return bits(word, 0, 4) | (bits(word, 5, 1) << 4);
}

/** A vector register that no instruction can name: scalars are copied to all its elements. */
export const TEMPORARY = 32;

export const UNSIGNED = 4;
export const QUAD = 8;

export function isQuad(word: number): boolean {
  return bit(word, 6);
}

/** Whether a quadword operand has an odd number. */
export function isOdd(isWide: boolean, ...registers: readonly number[]): boolean {
  return isWide && registers.some((register) => (register & 1) !== 0);
}

export interface Vectors {
  readonly d: number;
  readonly n?: number;
  readonly m?: number;
  readonly imm?: number;
  /** Size of elements (0 to 3), {@link UNSIGNED} and {@link QUAD}. */
  readonly aux: number;
  readonly second?: number;
}

export function emitVectors(
  emitter: Emitter,
  number: number,
  { d, n = 0, m = 0, imm = 0, aux, second = 0 }: Vectors,
): void {
  emitter.write(number, d, n, m, imm, aux, 0, second);
}

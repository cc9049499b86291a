import type { Emitter } from '../emitter.js';
import { ZERO } from '../layout.js';

/**
 * Instructions of the form D = f(N, M, A). None of the registers may be the pc; as A it means
 * "none".
 */
export function threeOperands(
  emitter: Emitter,
  word: number,
  number: number,
  { d, n, m, a, aux = 0 }: { d: number; n: number; m: number; a?: number; aux?: number },
): void {
  if (d === 15 || n === 15 || m === 15 || a === 15) {
    emitter.unpredictable(word);
    return;
  }
  emitter.emit(number, d, n, m, 0, aux, a ?? ZERO);
}

/** Instructions with a result of 64 bits: `high` is D, `low` is A. */
export function longResult(
  emitter: Emitter,
  word: number,
  number: number,
  { high, low, n, m, aux = 0 }: { high: number; low: number; n: number; m: number; aux?: number },
): void {
  if (high === low) {
    emitter.unpredictable(word);
    return;
  }
  threeOperands(emitter, word, number, { d: high, n, m, a: low, aux });
}

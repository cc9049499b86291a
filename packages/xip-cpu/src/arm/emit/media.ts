import type { Emitter } from '../emitter.js';
import { T0, ZERO } from '../layout.js';
import * as op from '../operations.js';
import { ASR, shiftByConstant, type Shift } from './data-processing.js';

/** The part of a register that SXTB and the like extend. */
export const BYTE = 0;
export const HALF = 2;
export const TWO_BYTES = 4;

/** D = N + the extended part of M, rotated right; N is 15 if nothing is added. */
export function extend(
  emitter: Emitter,
  word: number,
  part: number,
  isUnsigned: boolean,
  { d, n, m, rotation }: { d: number; n: number; m: number; rotation: number },
): void {
  if (d === 15 || m === 15) {
    emitter.unpredictable(word);
    return;
  }
  if (n === 15 && rotation === 0 && part !== TWO_BYTES) {
    const signedNumber = part === BYTE ? op.SXTB : op.SXTH;
    const unsignedNumber = part === BYTE ? op.UXTB : op.UXTH;
    emitter.emit(isUnsigned ? unsignedNumber : signedNumber, d, 0, m);
    return;
  }
  const how = part + (isUnsigned ? 1 : 0);
  emitter.emit(op.EXTEND, d, n === 15 ? ZERO : n, m, rotation, how);
}

/** SBFX and UBFX: `width` bits from `low` on. */
export function extractField(
  emitter: Emitter,
  word: number,
  isUnsigned: boolean,
  { d, n, low, width }: { d: number; n: number; low: number; width: number },
): void {
  if (d === 15 || n === 15 || low + width > 32) emitter.unpredictable(word);
  else if (isUnsigned) emitter.emit(op.UBFX, d, n, 0, mask(width), low);
  else emitter.emit(op.SBFX, d, n, 0, 32 - width, 32 - low - width);
}

/** BFI, and BFC where N is 15: bits `low` to `high` of D. */
export function insertField(
  emitter: Emitter,
  word: number,
  { d, n, low, high }: { d: number; n: number; low: number; high: number },
): void {
  if (d === 15 || high < low) emitter.unpredictable(word);
  else emitter.emit(op.BFI, d, n === 15 ? ZERO : n, 0, mask(high - low + 1) << low, low);
}

function mask(width: number): number {
  return width === 32 ? -1 : (1 << width) - 1;
}

/** SSAT and USAT of a shifted register: to `width` bits. */
export function saturate(
  emitter: Emitter,
  word: number,
  isUnsigned: boolean,
  { d, n, width }: { d: number; n: number; width: number },
  shift: Shift,
): void {
  if (d === 15 || n === 15) {
    emitter.unpredictable(word);
    return;
  }
  let operand = n;
  if (shift.type === ASR || shift.amount !== 0) {
    shiftByConstant(emitter, T0, n, shift, false);
    operand = T0;
  }
  emitter.emit(isUnsigned ? op.USAT : op.SSAT, d, 0, operand, width);
}

/** PKHBT and PKHTB; an amount of 0 means 32 for PKHTB. */
export function packHalves(
  emitter: Emitter,
  word: number,
  isTop: boolean,
  { d, n, m, amount }: { d: number; n: number; m: number; amount: number },
): void {
  if (d === 15 || n === 15 || m === 15) emitter.unpredictable(word);
  else if (isTop) emitter.emit(op.PKHTB, d, n, m, amount === 0 ? 32 : amount);
  else emitter.emit(op.PKHBT, d, n, m, amount);
}

/** Instructions of the form D = f(M). */
export function unary(emitter: Emitter, word: number, number: number, d: number, m: number): void {
  if (d === 15 || m === 15) emitter.unpredictable(word);
  else emitter.emit(number, d, 0, m);
}

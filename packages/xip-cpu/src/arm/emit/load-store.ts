import type { Emitter } from '../emitter.js';
import { NEXT_PC, T0, T1, ZERO } from '../layout.js';
import * as op from '../operations.js';
import { LSL, shiftByConstant, type Shift } from './data-processing.js';

export interface Transfer {
  readonly name: string;
  readonly immediate: number;
  readonly register: number;
  readonly load: boolean;
}

function transfer(name: string, immediate: number, register: number): Transfer {
  return { name, immediate, register, load: name.startsWith('LDR') };
}

export const LDR = transfer('LDR', op.LDR_I, op.LDR_R);
export const LDRB = transfer('LDRB', op.LDRB_I, op.LDRB_R);
export const LDRH = transfer('LDRH', op.LDRH_I, op.LDRH_R);
export const LDRSB = transfer('LDRSB', op.LDRSB_I, op.LDRSB_R);
export const LDRSH = transfer('LDRSH', op.LDRSH_I, op.LDRSH_R);
export const STR = transfer('STR', op.STR_I, op.STR_R);
export const STRB = transfer('STRB', op.STRB_I, op.STRB_R);
export const STRH = transfer('STRH', op.STRH_I, op.STRH_R);

/**
 * How an address is formed: the offset is added before or after the access, and the base may be
 * updated.
 */
export interface Indexing {
  readonly index: boolean;
  readonly writeBack: boolean;
}

export const OFFSET: Indexing = { index: true, writeBack: false };

/** Loads or stores T at N + offset. */
export function transferImmediate(
  emitter: Emitter,
  word: number,
  { name, immediate, load }: Transfer,
  t: number,
  n: number,
  offset: number,
  { index, writeBack }: Indexing = OFFSET,
): void {
  if (isWrong(name, t, n, writeBack) || (!load && n === 15 && emitter.thumb)) {
    emitter.unpredictable(word);
    return;
  }
  const value = load ? t : emitter.source(t);
  if (n === 15) emitter.emit(immediate, value, ZERO, 0, ((emitter.pcValue & ~3) + offset) | 0);
  else emitter.emit(immediate, value, n, 0, index ? offset : 0);
  if (writeBack) emitter.emit(op.ADD_I, n, n, 0, offset);
  if (load && t === 15) emitter.exchange(NEXT_PC);
}

/** Loads or stores T at N plus or minus a shifted register M. */
export function transferRegister(
  emitter: Emitter,
  word: number,
  { name, immediate, register, load }: Transfer,
  t: number,
  n: number,
  m: number,
  shift: Shift,
  add: boolean,
  { index, writeBack }: Indexing = OFFSET,
): void {
  if (m === 15 || isWrong(name, t, n, writeBack) || (n === 15 && emitter.thumb)) {
    emitter.unpredictable(word);
    return;
  }
  const value = load ? t : emitter.source(t);
  const base = n === 15 ? emitter.constant(T1, emitter.pcValue & ~3) : n;
  if (add && !writeBack && shift.type === LSL) {
    emitter.emit(register, value, base, m, 0, shift.amount);
  } else {
    sumRegisters(emitter, base, m, shift, add);
    emitter.emit(immediate, value, index ? T0 : base, 0);
    if (writeBack) emitter.emit(op.MOV_R, n, 0, T0);
  }
  if (load && t === 15) emitter.exchange(NEXT_PC);
}

/** Leaves N plus or minus the shifted M in T0. */
export function sumRegisters(
  emitter: Emitter,
  n: number,
  m: number,
  shift: Shift,
  add: boolean,
): void {
  let offset = m;
  if (shift.type !== LSL || shift.amount !== 0) {
    shiftByConstant(emitter, T0, m, shift, false);
    offset = T0;
  }
  emitter.emit(add ? op.ADD_R : op.SUB_R, T0, n, offset);
}

/**
 * Whether a combination is UNPREDICTABLE: the pc with a size other than a word, or write-back to the
 * pc or to the transferred register.
 */
function isWrong(name: string, t: number, n: number, writeBack: boolean): boolean {
  return (t === 15 && name !== 'LDR' && name !== 'STR') || (writeBack && (n === 15 || n === t));
}

/** LDM and STM. */
export function transferMultiple(
  emitter: Emitter,
  word: number,
  load: boolean,
  n: number,
  list: number,
  mode: { readonly before: boolean; readonly up: boolean; readonly writeBack: boolean },
): void {
  const { before, up, writeBack } = mode;
  const count = countBits(list);
  const baseIsIn = (list & (1 << n)) !== 0;
  if (n === 15 || count === 0 || (writeBack && baseIsIn && (load || !isLowest(list, n)))) {
    emitter.unpredictable(word);
    return;
  }
  if (!load && (list & 0x8000) !== 0) emitter.constant(NEXT_PC, emitter.pcValue);
  const first = up ? (before ? 4 : 0) : before ? -4 * count : -4 * count + 4;
  const how = writeBack ? (up ? 1 : 2) : 0;
  emitter.write(load ? op.LDM : op.STM, 0, n << 2, 0, list, how, 0, first);
  if (load && (list & 0x8000) !== 0) emitter.exchange(NEXT_PC);
}

/**
 * Whether the base is the lowest register of the list. Only then a store with write-back has a
 * defined result.
 */
function isLowest(list: number, n: number): boolean {
  return (list & ((1 << n) - 1)) === 0;
}

export function countBits(value: number): number {
  let count = 0;
  for (let rest = value; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** LDRD and STRD at N + offset. */
export function transferDouble(
  emitter: Emitter,
  word: number,
  load: boolean,
  t: number,
  t2: number,
  n: number,
  offset: number,
  { index, writeBack }: Indexing = OFFSET,
): void {
  const unusable = t === 15 || t2 === 15 || (load && t === t2);
  if (unusable || (writeBack && (n === 15 || n === t || n === t2)) || (n === 15 && !load)) {
    emitter.unpredictable(word);
    return;
  }
  const number = load ? op.LDRD : op.STRD;
  if (n === 15) emitter.emit(number, t, ZERO, 0, ((emitter.pcValue & ~3) + offset) | 0, 0, t2);
  else emitter.emit(number, t, n, 0, index ? offset : 0, 0, t2);
  if (writeBack) emitter.emit(op.ADD_I, n, n, 0, offset);
}

/** LDA and STL. They order accesses, which are in order anyway, and need an aligned address. */
export function transferOrdered(
  emitter: Emitter,
  word: number,
  transfer: Transfer,
  t: number,
  n: number,
): void {
  if (t === 15 || n === 15) {
    emitter.unpredictable(word);
    return;
  }
  const bytes =
    transfer === LDR || transfer === STR ? 4 : transfer === LDRH || transfer === STRH ? 2 : 1;
  emitter.emit(op.ALIGNED, 0, n, 0, 0, bytes);
  transferImmediate(emitter, word, transfer, t, n, 0);
}

/** LDREX and STREX of any size; STREX has its result in D. */
export function loadExclusive(
  emitter: Emitter,
  word: number,
  bytes: number,
  t: number,
  t2: number,
  n: number,
  offset = 0,
): void {
  if (t === 15 || n === 15 || (bytes === 8 && (t2 === 15 || t === t2))) {
    emitter.unpredictable(word);
    return;
  }
  emitter.emit(op.LDREX, t, n, 0, offset, bytes, t2);
}

export function storeExclusive(
  emitter: Emitter,
  word: number,
  bytes: number,
  d: number,
  t: number,
  t2: number,
  n: number,
  offset = 0,
): void {
  const pair = bytes === 8 && (t2 === 15 || d === t2);
  if (d === 15 || t === 15 || n === 15 || d === n || d === t || pair) {
    emitter.unpredictable(word);
    return;
  }
  emitter.emit(op.STREX, d, n, t, offset, bytes, t2);
}

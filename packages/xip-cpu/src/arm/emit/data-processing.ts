import type { Emitter } from '../emitter.js';
import { NEXT_PC, T0, T1 } from '../layout.js';
import * as op from '../operations.js';

/** The sixteen operations of A32's data processing, with ORN of T32. */
export type Alu =
  | 'AND'
  | 'EOR'
  | 'SUB'
  | 'RSB'
  | 'ADD'
  | 'ADC'
  | 'SBC'
  | 'RSC'
  | 'TST'
  | 'TEQ'
  | 'CMP'
  | 'CMN'
  | 'ORR'
  | 'MOV'
  | 'BIC'
  | 'MVN'
  | 'ORN';

interface Numbers {
  /** Operation with a register M. */
  readonly register: number;
  readonly registerFlags: number;
  readonly immediate: number;
  readonly immediateFlags: number;
  /** Whether the operation is logical: its carry is that of the shift. */
  readonly logical: boolean;
  /** Whether there is a register D. */
  readonly result: boolean;
}

function numbers(
  register: number,
  registerFlags: number,
  immediate: number,
  immediateFlags: number,
  logical: boolean,
  result = true,
): Numbers {
  return { register, registerFlags, immediate, immediateFlags, logical, result };
}

const NUMBERS: Readonly<Record<Alu, Numbers>> = {
  AND: numbers(op.AND_R, op.ANDS_R, op.AND_I, op.ANDS_I, true),
  EOR: numbers(op.EOR_R, op.EORS_R, op.EOR_I, op.EORS_I, true),
  SUB: numbers(op.SUB_R, op.SUBS_R, op.ADD_I, op.SUBS_I, false),
  RSB: numbers(op.RSB_R, op.RSBS_R, op.RSB_I, op.RSBS_I, false),
  ADD: numbers(op.ADD_R, op.ADDS_R, op.ADD_I, op.ADDS_I, false),
  ADC: numbers(op.ADC_R, op.ADCS_R, op.ADC_I, op.ADCS_I, false),
  SBC: numbers(op.SBC_R, op.SBCS_R, op.ADC_I, op.ADCS_I, false),
  RSC: numbers(op.ADC_R, op.ADCS_R, op.ADC_I, op.ADCS_I, false),
  TST: numbers(op.TST_R, op.TST_R, op.TST_I, op.TST_I, true, false),
  TEQ: numbers(op.TEQ_R, op.TEQ_R, op.TEQ_I, op.TEQ_I, true, false),
  CMP: numbers(op.CMP_R, op.CMP_R, op.CMP_I, op.CMP_I, false, false),
  CMN: numbers(op.CMN_R, op.CMN_R, op.CMN_I, op.CMN_I, false, false),
  ORR: numbers(op.ORR_R, op.ORRS_R, op.ORR_I, op.ORRS_I, true),
  MOV: numbers(op.MOV_R, op.MOVS_R, op.MOV_I, op.MOVS_I, true),
  BIC: numbers(op.BIC_R, op.BICS_R, op.AND_I, op.ANDS_I, true),
  MVN: numbers(op.MVN_R, op.MVNS_R, op.MOV_I, op.MOVS_I, true),
  ORN: numbers(op.ORN_R, op.ORNS_R, op.ORR_I, op.ORRS_I, true),
};

/** Operations that are executed as another one with the immediate inverted: SBC is ADC. */
const INVERTED: ReadonlySet<Alu> = new Set(['BIC', 'MVN', 'ORN', 'SBC']);

export const LSL = 0;
export const LSR = 1;
export const ASR = 2;
export const ROR = 3;

const SHIFT_IMMEDIATE = [op.LSL_I, op.LSR_I, op.ASR_I, op.ROR_I];
const SHIFT_IMMEDIATE_FLAGS = [op.LSLS_I, op.LSRS_I, op.ASRS_I, op.RORS_I];
const SHIFT_REGISTER = [op.LSL_R, op.LSR_R, op.ASR_R, op.ROR_R];
const SHIFT_REGISTER_FLAGS = [op.LSLS_R, op.LSRS_R, op.ASRS_R, op.RORS_R];

/** A shift by a constant: its type and its five bits, as the instruction has them. */
export interface Shift {
  readonly type: number;
  readonly amount: number;
}

export interface DataProcessing {
  readonly alu: Alu;
  readonly flags: boolean;
  readonly d: number;
  readonly n: number;
}

/** D = N op value. `carry` is bit 31 of an immediate that was rotated. */
export function withImmediate(
  emitter: Emitter,
  { alu, flags, d, n }: DataProcessing,
  value: number,
  carry?: boolean,
): void {
  const { immediate, immediateFlags, logical, result } = NUMBERS[alu];
  const first = firstOperand(emitter, alu, n);
  if (flags && logical && carry !== undefined) emitter.emit(op.CARRY, 0, 0, 0, carry ? 1 : 0);
  const operand = INVERTED.has(alu) ? ~value : alu === 'SUB' && !flags ? -value : value;
  emitter.emit(flags ? immediateFlags : immediate, result ? d : 0, first, 0, operand | 0);
  if (result && d === 15) finishPc(emitter);
}

/** D = N op (M shifted by a constant). */
export function withRegister(
  emitter: Emitter,
  operation: DataProcessing,
  m: number,
  shift: Shift,
): void {
  const { alu, flags, d } = operation;
  const isPlain = shift.type === LSL && shift.amount === 0;
  if (alu === 'MOV' && !isPlain) {
    shiftByConstant(emitter, d, emitter.source(m), shift, flags);
  } else if (alu === 'ADD' && !flags && shift.type === LSL) {
    const n = emitter.source(operation.n);
    emitter.emit(op.ADD_LSL, d, n, emitter.source(m), 0, shift.amount);
  } else {
    let second = emitter.source(m);
    if (!isPlain) {
      shiftByConstant(emitter, T0, second, shift, flags && NUMBERS[alu].logical);
      second = T0;
    }
    combine(emitter, operation, second);
  }
  if (d === 15 && NUMBERS[alu].result) finishPc(emitter);
}

/** D = N op (M shifted by a register). None of them may be the pc. */
export function withShiftedRegister(
  emitter: Emitter,
  operation: DataProcessing,
  m: number,
  type: number,
  amount: number,
): void {
  const { alu, flags, d } = operation;
  const numbers = flags && NUMBERS[alu].logical ? SHIFT_REGISTER_FLAGS : SHIFT_REGISTER;
  emitter.emit(numbers[type]!, alu === 'MOV' ? d : T0, m, amount);
  if (alu !== 'MOV') combine(emitter, operation, T0);
}

/** D = M, shifted as the instruction's five bits say: an amount of 0 means 32, and RRX for ROR. */
export function shiftByConstant(
  emitter: Emitter,
  d: number,
  m: number,
  { type, amount }: Shift,
  flags: boolean,
): void {
  if (amount !== 0) {
    emitter.emit((flags ? SHIFT_IMMEDIATE_FLAGS : SHIFT_IMMEDIATE)[type]!, d, 0, m, amount);
  } else if (type === LSL) {
    emitter.emit(flags ? op.MOVS_R : op.MOV_R, d, 0, m);
  } else if (type === ROR) {
    emitter.emit(flags ? op.RRXS : op.RRX, d, 0, m);
  } else {
    const by = emitter.constant(T1, 32);
    emitter.emit((flags ? SHIFT_REGISTER_FLAGS : SHIFT_REGISTER)[type]!, d, m, by);
  }
}

function combine(emitter: Emitter, { alu, flags, d, n }: DataProcessing, m: number): void {
  const { register, registerFlags, result } = NUMBERS[alu];
  const first = firstOperand(emitter, alu, n);
  emitter.emit(flags ? registerFlags : register, result ? d : 0, first, m);
}

function firstOperand(emitter: Emitter, alu: Alu, n: number): number {
  if (alu === 'MOV' || alu === 'MVN') return 0;
  if (alu !== 'RSC') return emitter.source(n);
  // M + ~N + carry.
  emitter.emit(op.MVN_R, T1, 0, emitter.source(n));
  return T1;
}

/**
 * Ends an instruction that has written the pc, as ALUWritePC(): in A32 it may change the
 * instruction set, in T32 it does not.
 */
function finishPc(emitter: Emitter): void {
  if (emitter.thumb) emitter.branchRegister(NEXT_PC);
  else emitter.exchange(NEXT_PC);
}

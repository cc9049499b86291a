import type { Form, Instruction, Work } from '../instruction.js';
import * as op from '../operations.js';

function of(
  name: string,
  pattern: string,
  form: Form,
  rv64: Work | undefined,
  rv32: Work | undefined,
): Instruction {
  return { name, pattern, form, rv64, rv32 };
}

function work(extra: number): Work {
  return { operation: op.INTEGER, extra };
}

/**
 * Returns an instruction that is one operation on both widths or, with `extra32`, has an operation
 * of its own on RV32.
 */
function both(
  name: string,
  pattern: string,
  form: Form,
  extra: number,
  extra32 = extra,
): Instruction {
  return of(name, pattern, form, work(extra), work(extra32));
}

function only64(name: string, pattern: string, form: Form, extra: number): Instruction {
  return of(name, pattern, form, work(extra), undefined);
}

function shiftAdd(name: string, pattern: string, operation: number, extra32: number): Instruction {
  return of(name, pattern, 'R', { operation }, work(extra32));
}

/** Zba: address computation. */
export const ZBA: readonly Instruction[] = [
  shiftAdd('sh1add', '0010000 ttttt sssss 010 ddddd 0110011', op.SH1ADD, op.I_SH1ADDW),
  shiftAdd('sh2add', '0010000 ttttt sssss 100 ddddd 0110011', op.SH2ADD, op.I_SH2ADDW),
  shiftAdd('sh3add', '0010000 ttttt sssss 110 ddddd 0110011', op.SH3ADD, op.I_SH3ADDW),
  of('add.uw', '0000100 ttttt sssss 000 ddddd 0111011', 'R', { operation: op.ADD_UW }, undefined),
  only64('sh1add.uw', '0010000 ttttt sssss 010 ddddd 0111011', 'R', op.I_SH1ADD_UW),
  only64('sh2add.uw', '0010000 ttttt sssss 100 ddddd 0111011', 'R', op.I_SH2ADD_UW),
  only64('sh3add.uw', '0010000 ttttt sssss 110 ddddd 0111011', 'R', op.I_SH3ADD_UW),
  only64('slli.uw', '000010 iiiiii sssss 001 ddddd 0011011', 'shift', op.I_SLLI_UW),
];

/** Zbb: logic, counts, minimum and maximum, rotation, byte order. */
export const ZBB: readonly Instruction[] = [
  both('andn', '0100000 ttttt sssss 111 ddddd 0110011', 'R', op.I_ANDN),
  both('orn', '0100000 ttttt sssss 110 ddddd 0110011', 'R', op.I_ORN),
  both('xnor', '0100000 ttttt sssss 100 ddddd 0110011', 'R', op.I_XNOR),
  both('clz', '0110000 00000 sssss 001 ddddd 0010011', 'R', op.I_CLZ, op.I_CLZW),
  both('ctz', '0110000 00001 sssss 001 ddddd 0010011', 'R', op.I_CTZ, op.I_CTZW),
  both('cpop', '0110000 00010 sssss 001 ddddd 0010011', 'R', op.I_CPOP, op.I_CPOPW),
  only64('clzw', '0110000 00000 sssss 001 ddddd 0011011', 'R', op.I_CLZW),
  only64('ctzw', '0110000 00001 sssss 001 ddddd 0011011', 'R', op.I_CTZW),
  only64('cpopw', '0110000 00010 sssss 001 ddddd 0011011', 'R', op.I_CPOPW),
  both('sext.b', '0110000 00100 sssss 001 ddddd 0010011', 'R', op.I_SEXT_B),
  both('sext.h', '0110000 00101 sssss 001 ddddd 0010011', 'R', op.I_SEXT_H),
  of('zext.h', '0000100 00000 sssss 100 ddddd 0110011', 'R', undefined, work(op.I_ZEXT_H)),
  only64('zext.h', '0000100 00000 sssss 100 ddddd 0111011', 'R', op.I_ZEXT_H),
  both('min', '0000101 ttttt sssss 100 ddddd 0110011', 'R', op.I_MIN),
  both('minu', '0000101 ttttt sssss 101 ddddd 0110011', 'R', op.I_MINU),
  both('max', '0000101 ttttt sssss 110 ddddd 0110011', 'R', op.I_MAX),
  both('maxu', '0000101 ttttt sssss 111 ddddd 0110011', 'R', op.I_MAXU),
  both('rol', '0110000 ttttt sssss 001 ddddd 0110011', 'R', op.I_ROL, op.I_ROLW),
  both('ror', '0110000 ttttt sssss 101 ddddd 0110011', 'R', op.I_ROR, op.I_RORW),
  both('rori', '011000 iiiiii sssss 101 ddddd 0010011', 'shift', op.I_RORI, op.I_RORIW),
  only64('rolw', '0110000 ttttt sssss 001 ddddd 0111011', 'R', op.I_ROLW),
  only64('rorw', '0110000 ttttt sssss 101 ddddd 0111011', 'R', op.I_RORW),
  only64('roriw', '0110000 iiiii sssss 101 ddddd 0011011', 'shift', op.I_RORIW),
  both('orc.b', '001010 000111 sssss 101 ddddd 0010011', 'R', op.I_ORC_B, op.I_ORC_B32),
  of('rev8', '011010 011000 sssss 101 ddddd 0010011', 'R', undefined, work(op.I_REV8_32)),
  only64('rev8', '011010 111000 sssss 101 ddddd 0010011', 'R', op.I_REV8),
];

/** Zbs: single bits. */
export const ZBS: readonly Instruction[] = [
  both('bclr', '0100100 ttttt sssss 001 ddddd 0110011', 'R', op.I_BCLR, op.I_BCLRW),
  both('bclri', '010010 iiiiii sssss 001 ddddd 0010011', 'shift', op.I_BCLRI, op.I_BCLRIW),
  both('bext', '0100100 ttttt sssss 101 ddddd 0110011', 'R', op.I_BEXT, op.I_BEXTW),
  both('bexti', '010010 iiiiii sssss 101 ddddd 0010011', 'shift', op.I_BEXTI, op.I_BEXTIW),
  both('binv', '0110100 ttttt sssss 001 ddddd 0110011', 'R', op.I_BINV, op.I_BINVW),
  both('binvi', '011010 iiiiii sssss 001 ddddd 0010011', 'shift', op.I_BINVI, op.I_BINVIW),
  both('bset', '0010100 ttttt sssss 001 ddddd 0110011', 'R', op.I_BSET, op.I_BSETW),
  both('bseti', '001010 iiiiii sssss 001 ddddd 0010011', 'shift', op.I_BSETI, op.I_BSETIW),
];

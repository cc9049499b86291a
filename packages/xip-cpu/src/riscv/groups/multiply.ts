import type { Instruction } from '../instruction.js';
import * as op from '../operations.js';

function of(name: string, pattern: string, rv64: number, rv32?: number): Instruction {
  const work = rv32 === undefined ? undefined : { operation: rv32 };
  return { name, pattern, form: 'R', rv64: { operation: rv64 }, rv32: work };
}

/** The M extension. */
export const MULTIPLY: readonly Instruction[] = [
  of('mul', '0000001 ttttt sssss 000 ddddd 0110011', op.MUL, op.MULW),
  of('mulh', '0000001 ttttt sssss 001 ddddd 0110011', op.MULH, op.MULH32),
  of('mulhsu', '0000001 ttttt sssss 010 ddddd 0110011', op.MULHSU, op.MULHSU32),
  of('mulhu', '0000001 ttttt sssss 011 ddddd 0110011', op.MULHU, op.MULHU32),
  of('div', '0000001 ttttt sssss 100 ddddd 0110011', op.DIV, op.DIVW),
  of('divu', '0000001 ttttt sssss 101 ddddd 0110011', op.DIVU, op.DIVUW),
  of('rem', '0000001 ttttt sssss 110 ddddd 0110011', op.REM, op.REMW),
  of('remu', '0000001 ttttt sssss 111 ddddd 0110011', op.REMU, op.REMUW),
  of('mulw', '0000001 ttttt sssss 000 ddddd 0111011', op.MULW),
  of('divw', '0000001 ttttt sssss 100 ddddd 0111011', op.DIVW),
  of('divuw', '0000001 ttttt sssss 101 ddddd 0111011', op.DIVUW),
  of('remw', '0000001 ttttt sssss 110 ddddd 0111011', op.REMW),
  of('remuw', '0000001 ttttt sssss 111 ddddd 0111011', op.REMUW),
];

import type { Instruction } from '../instruction.js';
import * as op from '../operations.js';

/** The registers of user mode: fflags, frm, fcsr, cycle, time, instret. */
export const USER_CSRS: readonly number[] = [0x001, 0x002, 0x003, 0xc00, 0xc01, 0xc02];
/** The upper halves of the counters on RV32: cycleh, timeh, instreth. */
export const USER_CSRS_32: readonly number[] = [0xc80, 0xc81, 0xc82];

function of(name: string, pattern: string, extra: number): Instruction {
  const work = { operation: op.CSR, extra };
  return { name, pattern, form: 'CSR', rv64: work, rv32: work };
}

/** Zicsr. */
export const CSR: readonly Instruction[] = [
  of('csrrw', 'cccccccccccc sssss 001 ddddd 1110011', op.CSRRW),
  of('csrrs', 'cccccccccccc sssss 010 ddddd 1110011', op.CSRRS),
  of('csrrc', 'cccccccccccc sssss 011 ddddd 1110011', op.CSRRC),
  of('csrrwi', 'cccccccccccc iiiii 101 ddddd 1110011', op.CSRRWI),
  of('csrrsi', 'cccccccccccc iiiii 110 ddddd 1110011', op.CSRRSI),
  of('csrrci', 'cccccccccccc iiiii 111 ddddd 1110011', op.CSRRCI),
];

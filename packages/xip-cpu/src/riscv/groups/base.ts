import type { Form, Instruction } from '../instruction.js';
import * as op from '../operations.js';

/**
 * Returns an instruction that is one operation on both widths: sign-extended registers of 32 bits
 * keep their order, and logic is bit by bit.
 */
function both(name: string, pattern: string, form: Form, operation: number): Instruction {
  return { name, pattern, form, rv64: { operation }, rv32: { operation } };
}

/** Returns an instruction whose result has 64 bits on RV64 and 32 on RV32. */
function wide(
  name: string,
  pattern: string,
  form: Form,
  operation: number,
  operation32: number,
): Instruction {
  return { name, pattern, form, rv64: { operation }, rv32: { operation: operation32 } };
}

/** Returns a `...w` instruction of RV64. */
function only64(name: string, pattern: string, form: Form, operation: number): Instruction {
  return { name, pattern, form, rv64: { operation }, rv32: undefined };
}

function ending(instruction: Instruction): Instruction {
  return { ...instruction, ends: true };
}

/** RV32I and RV64I. */
export const BASE: readonly Instruction[] = [
  both('lui', 'iiiiiiiiiiiiiiiiiiii ddddd 0110111', 'U', op.LI),
  wide('auipc', 'iiiiiiiiiiiiiiiiiiii ddddd 0010111', 'U', op.AUIPC, op.AUIPCW),
  ending(wide('jal', 'iiiiiiiiiiiiiiiiiiii ddddd 1101111', 'J', op.JAL, op.JALW)),
  ending(wide('jalr', 'iiiiiiiiiiii sssss 000 ddddd 1100111', 'I', op.JALR, op.JALRW)),

  both('beq', 'iiiiiii ttttt sssss 000 iiiii 1100011', 'B', op.BEQ),
  both('bne', 'iiiiiii ttttt sssss 001 iiiii 1100011', 'B', op.BNE),
  both('blt', 'iiiiiii ttttt sssss 100 iiiii 1100011', 'B', op.BLT),
  both('bge', 'iiiiiii ttttt sssss 101 iiiii 1100011', 'B', op.BGE),
  both('bltu', 'iiiiiii ttttt sssss 110 iiiii 1100011', 'B', op.BLTU),
  both('bgeu', 'iiiiiii ttttt sssss 111 iiiii 1100011', 'B', op.BGEU),

  both('lb', 'iiiiiiiiiiii sssss 000 ddddd 0000011', 'I', op.LB),
  both('lh', 'iiiiiiiiiiii sssss 001 ddddd 0000011', 'I', op.LH),
  both('lw', 'iiiiiiiiiiii sssss 010 ddddd 0000011', 'I', op.LW),
  only64('ld', 'iiiiiiiiiiii sssss 011 ddddd 0000011', 'I', op.LD),
  both('lbu', 'iiiiiiiiiiii sssss 100 ddddd 0000011', 'I', op.LBU),
  both('lhu', 'iiiiiiiiiiii sssss 101 ddddd 0000011', 'I', op.LHU),
  only64('lwu', 'iiiiiiiiiiii sssss 110 ddddd 0000011', 'I', op.LWU),

  both('sb', 'iiiiiii ttttt sssss 000 iiiii 0100011', 'S', op.SB),
  both('sh', 'iiiiiii ttttt sssss 001 iiiii 0100011', 'S', op.SH),
  both('sw', 'iiiiiii ttttt sssss 010 iiiii 0100011', 'S', op.SW),
  only64('sd', 'iiiiiii ttttt sssss 011 iiiii 0100011', 'S', op.SD),

  wide('addi', 'iiiiiiiiiiii sssss 000 ddddd 0010011', 'I', op.ADDI, op.ADDIW),
  both('slti', 'iiiiiiiiiiii sssss 010 ddddd 0010011', 'I', op.SLTI),
  both('sltiu', 'iiiiiiiiiiii sssss 011 ddddd 0010011', 'I', op.SLTIU),
  both('xori', 'iiiiiiiiiiii sssss 100 ddddd 0010011', 'I', op.XORI),
  both('ori', 'iiiiiiiiiiii sssss 110 ddddd 0010011', 'I', op.ORI),
  both('andi', 'iiiiiiiiiiii sssss 111 ddddd 0010011', 'I', op.ANDI),
  wide('slli', '000000 iiiiii sssss 001 ddddd 0010011', 'shift', op.SLLI, op.SLLIW),
  wide('srli', '000000 iiiiii sssss 101 ddddd 0010011', 'shift', op.SRLI, op.SRLIW),
  wide('srai', '010000 iiiiii sssss 101 ddddd 0010011', 'shift', op.SRAI, op.SRAIW),

  wide('add', '0000000 ttttt sssss 000 ddddd 0110011', 'R', op.ADD, op.ADDW),
  wide('sub', '0100000 ttttt sssss 000 ddddd 0110011', 'R', op.SUB, op.SUBW),
  wide('sll', '0000000 ttttt sssss 001 ddddd 0110011', 'R', op.SLL, op.SLLW),
  both('slt', '0000000 ttttt sssss 010 ddddd 0110011', 'R', op.SLT),
  both('sltu', '0000000 ttttt sssss 011 ddddd 0110011', 'R', op.SLTU),
  both('xor', '0000000 ttttt sssss 100 ddddd 0110011', 'R', op.XOR),
  wide('srl', '0000000 ttttt sssss 101 ddddd 0110011', 'R', op.SRL, op.SRLW),
  wide('sra', '0100000 ttttt sssss 101 ddddd 0110011', 'R', op.SRA, op.SRAW),
  both('or', '0000000 ttttt sssss 110 ddddd 0110011', 'R', op.OR),
  both('and', '0000000 ttttt sssss 111 ddddd 0110011', 'R', op.AND),

  only64('addiw', 'iiiiiiiiiiii sssss 000 ddddd 0011011', 'I', op.ADDIW),
  only64('slliw', '0000000 iiiii sssss 001 ddddd 0011011', 'shift', op.SLLIW),
  only64('srliw', '0000000 iiiii sssss 101 ddddd 0011011', 'shift', op.SRLIW),
  only64('sraiw', '0100000 iiiii sssss 101 ddddd 0011011', 'shift', op.SRAIW),
  only64('addw', '0000000 ttttt sssss 000 ddddd 0111011', 'R', op.ADDW),
  only64('subw', '0100000 ttttt sssss 000 ddddd 0111011', 'R', op.SUBW),
  only64('sllw', '0000000 ttttt sssss 001 ddddd 0111011', 'R', op.SLLW),
  only64('srlw', '0000000 ttttt sssss 101 ddddd 0111011', 'R', op.SRLW),
  only64('sraw', '0100000 ttttt sssss 101 ddddd 0111011', 'R', op.SRAW),

  // Threads run one at a time and in order, so a fence has nothing to wait for. Hints are fences,
  // too.
  both('fence', 'xxxxxxxxxxxx xxxxx 000 xxxxx 0001111', 'none', op.NOP),
  // Zifencei. Stores to decoded code are noticed when they happen.
  both('fence.i', 'xxxxxxxxxxxx xxxxx 001 xxxxx 0001111', 'none', op.NOP),
  ending(both('ecall', '000000000000 00000 000 00000 1110011', 'none', op.ECALL)),
  ending(both('ebreak', '000000000001 00000 000 00000 1110011', 'none', op.EBREAK)),
];

import { ATOMIC } from './groups/atomic.js';
import { BASE } from './groups/base.js';
import { ZBA, ZBB, ZBS } from './groups/bits.js';
import { COMPRESSED, type Compressed } from './groups/compressed.js';
import { CSR, USER_CSRS, USER_CSRS_32 } from './groups/csr.js';
import { FLOAT } from './groups/float.js';
import { MULTIPLY } from './groups/multiply.js';
import { UNIMPLEMENTED } from './groups/unimplemented.js';
import { immediateOf, maskAndMatch, type Instruction, type Work } from './instruction.js';
import { FLOAT_REGISTERS, SINK } from './layout.js';

export type Xlen = 32 | 64;

/** All 32-bit instructions that are implemented. */
export const INSTRUCTIONS: readonly Instruction[] = [
  ...BASE,
  ...MULTIPLY,
  ...ATOMIC,
  ...CSR,
  ...FLOAT,
  ...ZBA,
  ...ZBB,
  ...ZBS,
];

/** The rounding mode "dynamic": frm has the mode. */
const DYNAMIC = 7;
/** The highest rounding mode that exists. */
const LAST_MODE = 4;

/** An instruction, with the values that are needed to find it and to take it apart. */
interface Row extends Instruction {
  readonly mask: number;
  readonly match: number;
  readonly work: Work;
  readonly hasMode: boolean;
  readonly hasRd: boolean;
  readonly floatRd: boolean;
  readonly floatRs1: boolean;
  readonly floatRs2: boolean;
}

interface CompressedRow extends Compressed {
  readonly mask: number;
  readonly match: number;
}

/**
 * Decodes instructions. Its fields hold the last result, so that no objects are left to the garbage
 * collector.
 */
export class Decoder {
  readonly xlen: Xlen;
  /** The operation that the loop executes, and the number within its group. */
  operation = 0;
  extra = 0;
  /** Register numbers, as indices of 64 bits from REGISTERS on. */
  rd = 0;
  rs1 = 0;
  rs2 = 0;
  /** The immediate; for instructions with three operands rs3, in bytes. */
  immediate = 0;
  /** True if the next instruction is not executed after this one. */
  ends = false;
  /** By opcode (bits 2 to 6) and funct3. */
  private readonly rows: Row[][] = [];
  /** By quadrant and bits 13 to 15. */
  private readonly compressed: CompressedRow[][] = [];

  constructor(xlen: Xlen) {
    this.xlen = xlen;
    for (let bucket = 0; bucket < 256; bucket += 1) this.rows.push([]);
    for (let bucket = 0; bucket < 24; bucket += 1) this.compressed.push([]);
    for (const instruction of INSTRUCTIONS) this.addRow(instruction);
    for (const instruction of COMPRESSED) {
      if ((instruction.only ?? xlen) !== xlen) continue;
      const [mask, match] = maskAndMatch(instruction.pattern);
      this.compressed[(match & 3) * 8 + (match >> 13)]!.push({ ...instruction, mask, match });
    }
  }

  private addRow(instruction: Instruction): void {
    const work = this.xlen === 64 ? instruction.rv64 : instruction.rv32;
    if (work === undefined) return;
    const [mask, match] = maskAndMatch(instruction.pattern);
    const { registers = 'xxx', form, pattern } = instruction;
    const row: Row = {
      ...instruction,
      mask,
      match,
      work,
      hasMode: pattern.includes('m'),
      hasRd: form !== 'S' && form !== 'B' && form !== 'none',
      floatRd: registers.startsWith('f'),
      floatRs1: registers[1] === 'f',
      floatRs2: registers[2] === 'f',
    };
    for (let funct3 = 0; funct3 < 8; funct3 += 1) {
      const fits = ((funct3 << 12) & mask) === (match & mask & 0x7000);
      if (fits) this.rows[((match >> 2) & 31) * 8 + funct3]!.push(row);
    }
  }

  /** Returns the 32-bit instruction that a 16-bit one stands for; undefined if it is not valid. */
  expand(half: number): number | undefined {
    for (const row of this.compressed[(half & 3) * 8 + (half >> 13)]!) {
      if ((half & row.mask) === row.match) return row.expand(half);
    }
    return undefined;
  }

  /** Decodes a 32-bit instruction. @returns false if it is not valid. */
  decode(word: number): boolean {
    const row = this.find(word);
    if (row === undefined) return false;
    const { form, work } = row;
    const rd = (word >> 7) & 31;
    const rs1 = (word >> 15) & 31;
    const rs2 = (word >> 20) & 31;
    this.operation = work.operation;
    this.extra = work.extra ?? 0;
    this.ends = row.ends ?? false;
    if (!row.hasRd) this.rd = 0;
    else if (row.floatRd) this.rd = FLOAT_REGISTERS + rd;
    else this.rd = rd === 0 ? SINK : rd;
    this.rs1 = row.floatRs1 ? FLOAT_REGISTERS + rs1 : rs1;
    this.rs2 = row.floatRs2 ? FLOAT_REGISTERS + rs2 : rs2;
    this.immediate =
      form === 'R4' ? (FLOAT_REGISTERS + (word >>> 27)) * 8 : immediateOf(form, word);
    if (row.hasMode) return this.decodeMode((word >> 12) & 7);
    if (form === 'shift') return this.xlen === 64 || this.immediate < 32;
    return form !== 'CSR' || this.decodeCsr();
  }

  private decodeMode(mode: number): boolean {
    if (mode > LAST_MODE && mode !== DYNAMIC) return false;
    this.extra |= mode << 8;
    return true;
  }

  private decodeCsr(): boolean {
    const number = this.immediate;
    if (this.xlen === 64) return USER_CSRS.includes(number);
    // The loop returns the upper half of a counter if the upper half of the immediate is not 0.
    this.immediate |= 1 << 16;
    return USER_CSRS.includes(number) || USER_CSRS_32.includes(number);
  }

  /** The name of an instruction; undefined if it is not valid. */
  nameOf(word: number): string | undefined {
    return this.find(word)?.name;
  }

  private find(word: number): Row | undefined {
    for (const row of this.rows[((word >> 2) & 31) * 8 + ((word >> 12) & 7)]!) {
      if ((word & row.mask) >>> 0 === row.match) return row;
    }
    return undefined;
  }
}

/**
 * Returns the name of an instruction that is known but not implemented; undefined for any other.
 */
export function unimplementedName(word: number): string | undefined {
  const found = UNIMPLEMENTED.find(([, pattern]) => {
    const [mask, match] = maskAndMatch(pattern);
    return (word & mask) >>> 0 === match;
  });
  return found?.[0];
}

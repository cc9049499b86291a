/**
 * The form of an instruction, that is, where its fields are: the base formats, and forms of
 * extensions.
 */
export type Form =
  /** rd, rs1, rs2. */
  | 'R'
  /** rd, rs1, rs2, rs3. */
  | 'R4'
  /** rd, rs1, a signed immediate of 12 bits. */
  | 'I'
  /** rd, rs1, a shift amount: 6 bits, 5 on RV32. */
  | 'shift'
  /** rs1, rs2, a signed offset of 12 bits. */
  | 'S'
  | 'B'
  /** rd, the upper 20 bits of an immediate. */
  | 'U'
  | 'J'
  /** rd, rs1 (or five bits of immediate), the number of a register. */
  | 'CSR'
  /** Nothing. */
  | 'none';

/**
 * The work of an instruction: an operation and, if that is a group, the number within the group.
 */
export interface Work {
  readonly operation: number;
  readonly extra?: number;
}

/** An instruction, by its encoding. */
export interface Instruction {
  readonly name: string;
  /**
   * Bits 31 to 0: 0 and 1 are fixed; d is rd, s rs1, t rs2, u rs3, i an immediate, m a rounding
   * mode, a acquire and release, c the number of a CSR, x ignored.
   */
  readonly pattern: string;
  readonly form: Form;
  /** undefined: RV64 does not have it. */
  readonly rv64: Work | undefined;
  readonly rv32: Work | undefined;
  /** Which of rd, rs1, rs2 are floating-point registers: `f`, in that order; default: `xxx`. */
  readonly registers?: string;
  /** Whether the next instruction is not executed after it. */
  readonly ends?: boolean;
}

/** Returns the bits of a pattern that are fixed, and their values. */
export function maskAndMatch(pattern: string): readonly [mask: number, match: number] {
  const bits = pattern.replaceAll(' ', '');
  let mask = 0;
  let match = 0;
  for (const bit of bits) {
    mask = (mask << 1) | (bit === '0' || bit === '1' ? 1 : 0);
    match = (match << 1) | (bit === '1' ? 1 : 0);
  }
  return [mask >>> 0, match >>> 0];
}

/** Returns the immediate of an instruction. */
export function immediateOf(form: Form, word: number): number {
  switch (form) {
    case 'I':
      return word >> 20;
    case 'shift':
      return (word >> 20) & 63;
    case 'S':
      return ((word >> 25) << 5) | ((word >> 7) & 31);
    case 'B':
      return (
        ((word >> 31) << 12) | ((word & 0x80) << 4) | ((word >> 20) & 0x7e0) | ((word >> 7) & 0x1e)
      );
    case 'U':
      return word & ~0xfff;
    case 'J':
      return (
        ((word >> 31) << 20) | (word & 0xff000) | ((word >> 9) & 0x800) | ((word >> 20) & 0x7fe)
      );
    case 'CSR':
      return (word >> 20) & 0xfff;
    case 'R':
    case 'R4':
    case 'none':
      return 0;
  }
}

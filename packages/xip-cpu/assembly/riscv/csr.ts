import {
  FFLAGS,
  FRM,
  OP_EXTRA,
  OP_IMMEDIATE,
  OP_RD,
  OP_RS1,
  REGISTERS,
} from '../../src/riscv/layout';
import * as op from '../../src/riscv/operations';

// fcsr = frm << 5 | fflags. All counters count instructions.
const CSR_FFLAGS = 1;
const CSR_FRM = 2;
const CSR_FCSR = 3;
const CSR_CYCLEH = 0xc80;

/** Zicsr, user mode. @returns false for a write to a counter, which is illegal. */
export function controlStatus(ip: u32, executed: i64): bool {
  const number: i32 = load<u16>(ip, OP_IMMEDIATE);
  const which: i32 = load<u16>(ip, OP_EXTRA);
  const source = load<u16>(ip, OP_RS1);
  // Setting or clearing the bits of x0, or of 0, does not write.
  const writes = which == op.CSRRW || which == op.CSRRWI || source != 0;
  const isImmediate = which >= op.CSRRWI;
  const operand: u32 = isImmediate ? source >> 3 : load<u32>(source, REGISTERS);
  const flags = load<u32>(FFLAGS);
  const mode = load<u32>(FRM);
  let old: i64;
  if (number == CSR_FFLAGS) old = flags;
  else if (number == CSR_FRM) old = mode;
  else if (number == CSR_FCSR) old = (mode << 5) | flags;
  else {
    if (writes) return false;
    // RV32 reads the lower half of a counter, sign-extended like all registers, or the upper half.
    old =
      number >= CSR_CYCLEH
        ? executed >> 32
        : load<u16>(ip, OP_IMMEDIATE + 2) != 0
          ? <i32>executed
          : executed;
  }
  if (writes) {
    const kind = isImmediate ? which - op.CSRRWI : which;
    const value: u32 =
      kind == op.CSRRW ? operand : kind == op.CSRRS ? (<u32>old) | operand : (<u32>old) & ~operand;
    if (number == CSR_FRM) store<u32>(FRM, value & 7);
    else {
      store<u32>(FFLAGS, value & 31);
      if (number == CSR_FCSR) store<u32>(FRM, (value >> 5) & 7);
    }
  }
  store<i64>(load<u16>(ip, OP_RD), old, REGISTERS);
  return true;
}

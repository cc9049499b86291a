/* The interpreter's loop over decoded operations of ARM's instruction sets, A32 and T32. */

import * as op from '../../src/arm/operations';
import { adcs, adds, asr, asrs, logical, lsl, lsls, lsr, lsrs, rors, rrx, subs } from './arithmetic';
import { begin, condition, cross, enter, follow, leave } from './control';
import { media } from './media';
import { ldm, read, stm, write } from './memory';
import {
  C,
  aux,
  carry,
  getA,
  getD,
  getM,
  getN,
  imm,
  setA,
  setD,
  setNZ,
} from './state';
import { vfp } from './vfp';

/** Reasons why `run` returns: src/arm/layout.ts. */
const LOOKUP: i32 = 0;

function sdiv(a: i32, b: i32): i32 {
  if (b == 0) return 0;
  return b == -1 ? 0 - a : a / b;
}

/**
 * Executes from the operation `p` on. Returns LOOKUP, with an address in EXIT_PC, if the operation
 * at that address must be looked up or the budget is used up; and the number of an operation that
 * TypeScript executes.
 */
export function run(p: usize): i32 {
  begin(p);
  while (true) {
    let target: u32;
    switch (<i32>load<u16>(p)) {
      case op.MOV_I:
        setD(p, imm(p));
        break;
      case op.MOVS_I:
        setD(p, logical(imm(p)));
        break;
      case op.MOV_R:
        setD(p, getM(p));
        break;
      case op.MOVS_R:
        setD(p, logical(getM(p)));
        break;
      case op.MVN_R:
        setD(p, ~getM(p));
        break;
      case op.MVNS_R:
        setD(p, logical(~getM(p)));
        break;
      case op.AND_R:
        setD(p, getN(p) & getM(p));
        break;
      case op.ANDS_R:
        setD(p, logical(getN(p) & getM(p)));
        break;
      case op.AND_I:
        setD(p, getN(p) & imm(p));
        break;
      case op.ANDS_I:
        setD(p, logical(getN(p) & imm(p)));
        break;
      case op.EOR_R:
        setD(p, getN(p) ^ getM(p));
        break;
      case op.EORS_R:
        setD(p, logical(getN(p) ^ getM(p)));
        break;
      case op.EOR_I:
        setD(p, getN(p) ^ imm(p));
        break;
      case op.EORS_I:
        setD(p, logical(getN(p) ^ imm(p)));
        break;
      case op.ORR_R:
        setD(p, getN(p) | getM(p));
        break;
      case op.ORRS_R:
        setD(p, logical(getN(p) | getM(p)));
        break;
      case op.ORR_I:
        setD(p, getN(p) | imm(p));
        break;
      case op.ORRS_I:
        setD(p, logical(getN(p) | imm(p)));
        break;
      case op.BIC_R:
        setD(p, getN(p) & ~getM(p));
        break;
      case op.BICS_R:
        setD(p, logical(getN(p) & ~getM(p)));
        break;
      case op.ORN_R:
        setD(p, getN(p) | ~getM(p));
        break;
      case op.ORNS_R:
        setD(p, logical(getN(p) | ~getM(p)));
        break;
      case op.ADD_R:
        setD(p, getN(p) + getM(p));
        break;
      case op.ADDS_R:
        setD(p, adds(getN(p), getM(p)));
        break;
      case op.ADD_I:
        setD(p, getN(p) + imm(p));
        break;
      case op.ADDS_I:
        setD(p, adds(getN(p), imm(p)));
        break;
      case op.SUB_R:
        setD(p, getN(p) - getM(p));
        break;
      case op.SUBS_R:
        setD(p, subs(getN(p), getM(p)));
        break;
      case op.RSB_R:
        setD(p, getM(p) - getN(p));
        break;
      case op.RSBS_R:
        setD(p, subs(getM(p), getN(p)));
        break;
      case op.ADC_R:
        setD(p, getN(p) + getM(p) + carry());
        break;
      case op.ADCS_R:
        setD(p, adcs(getN(p), getM(p)));
        break;
      case op.SUBS_I:
        setD(p, subs(getN(p), imm(p)));
        break;
      case op.RSB_I:
        setD(p, imm(p) - getN(p));
        break;
      case op.RSBS_I:
        setD(p, subs(imm(p), getN(p)));
        break;
      case op.ADC_I:
        setD(p, getN(p) + imm(p) + carry());
        break;
      case op.ADCS_I:
        setD(p, adcs(getN(p), imm(p)));
        break;
      case op.SBC_R:
        setD(p, getN(p) + ~getM(p) + carry());
        break;
      case op.SBCS_R:
        setD(p, adcs(getN(p), ~getM(p)));
        break;
      case op.CMP_R:
        subs(getN(p), getM(p));
        break;
      case op.CMN_R:
        adds(getN(p), getM(p));
        break;
      case op.TST_R:
        setNZ(getN(p) & getM(p));
        break;
      case op.TEQ_R:
        setNZ(getN(p) ^ getM(p));
        break;
      case op.CMP_I:
        subs(getN(p), imm(p));
        break;
      case op.CMN_I:
        adds(getN(p), imm(p));
        break;
      case op.TST_I:
        setNZ(getN(p) & imm(p));
        break;
      case op.TEQ_I:
        setNZ(getN(p) ^ imm(p));
        break;
      case op.ADD_LSL:
        setD(p, getN(p) + (getM(p) << aux(p)));
        break;
      case op.CARRY:
        store<u32>(C, imm(p));
        break;
      case op.LSL_I:
        setD(p, getM(p) << imm(p));
        break;
      case op.LSR_I:
        setD(p, getM(p) >> imm(p));
        break;
      case op.ASR_I:
        setD(p, <u32>(<i32>getM(p) >> imm(p)));
        break;
      case op.ROR_I:
        setD(p, rotr<u32>(getM(p), imm(p)));
        break;
      case op.RRX:
        setD(p, rrx(getM(p)));
        break;
      case op.LSL_R:
        setD(p, lsl(getN(p), getM(p) & 255));
        break;
      case op.LSR_R:
        setD(p, lsr(getN(p), getM(p) & 255));
        break;
      case op.ASR_R:
        setD(p, asr(getN(p), getM(p) & 255));
        break;
      case op.ROR_R:
        setD(p, rotr<u32>(getN(p), getM(p) & 31));
        break;
      case op.LSLS_I:
        setD(p, lsls(getM(p), imm(p)));
        break;
      case op.LSRS_I:
        setD(p, lsrs(getM(p), imm(p)));
        break;
      case op.ASRS_I:
        setD(p, asrs(getM(p), imm(p)));
        break;
      case op.RORS_I:
        setD(p, rors(getM(p), imm(p)));
        break;
      case op.RRXS:
        {
          const x = getM(p);
          setD(p, logical(rrx(x)));
          store<u32>(C, x & 1);
          break;
        }
      case op.LSLS_R:
        setD(p, lsls(getN(p), getM(p) & 255));
        break;
      case op.LSRS_R:
        setD(p, lsrs(getN(p), getM(p) & 255));
        break;
      case op.ASRS_R:
        setD(p, asrs(getN(p), getM(p) & 255));
        break;
      case op.RORS_R:
        setD(p, rors(getN(p), getM(p) & 255));
        break;
      case op.LDR_I:
        setD(p, read<u32>(p, getN(p) + imm(p)));
        break;
      case op.LDRB_I:
        setD(p, read<u8>(p, getN(p) + imm(p)));
        break;
      case op.LDRH_I:
        setD(p, read<u16>(p, getN(p) + imm(p)));
        break;
      case op.LDRSB_I:
        setD(p, <u32>(<i32>read<i8>(p, getN(p) + imm(p))));
        break;
      case op.LDRSH_I:
        setD(p, <u32>(<i32>read<i16>(p, getN(p) + imm(p))));
        break;
      case op.STR_I:
        write<u32>(p, getN(p) + imm(p), getD(p));
        break;
      case op.STRB_I:
        write<u8>(p, getN(p) + imm(p), <u8>getD(p));
        break;
      case op.STRH_I:
        write<u16>(p, getN(p) + imm(p), <u16>getD(p));
        break;
      case op.LDR_R:
        setD(p, read<u32>(p, getN(p) + (getM(p) << aux(p))));
        break;
      case op.LDRB_R:
        setD(p, read<u8>(p, getN(p) + (getM(p) << aux(p))));
        break;
      case op.LDRH_R:
        setD(p, read<u16>(p, getN(p) + (getM(p) << aux(p))));
        break;
      case op.LDRSB_R:
        setD(p, <u32>(<i32>read<i8>(p, getN(p) + (getM(p) << aux(p)))));
        break;
      case op.LDRSH_R:
        setD(p, <u32>(<i32>read<i16>(p, getN(p) + (getM(p) << aux(p)))));
        break;
      case op.STR_R:
        write<u32>(p, getN(p) + (getM(p) << aux(p)), getD(p));
        break;
      case op.STRB_R:
        write<u8>(p, getN(p) + (getM(p) << aux(p)), <u8>getD(p));
        break;
      case op.STRH_R:
        write<u16>(p, getN(p) + (getM(p) << aux(p)), <u16>getD(p));
        break;
      case op.LDM:
        ldm(p);
        break;
      case op.STM:
        stm(p);
        break;
      case op.B: {
        const next = follow(p);
        if (next == 0) return leave(0, imm(p), LOOKUP);
        p = next;
        continue;
      }
      case op.B_FAR:
        target = imm(p);
        p = enter(p, target);
        if (p == 0) return leave(0, target, LOOKUP);
        continue;
      case op.BX:
        target = getM(p);
        p = enter(p, target);
        if (p == 0) return leave(0, target, LOOKUP);
        continue;
      case op.BR:
        target = (getM(p) & ~imm(p)) | (imm(p) & aux(p));
        p = enter(p, target);
        if (p == 0) return leave(0, target, LOOKUP);
        continue;
      case op.B_EQ:
        if (condition(0)) {
          const next = follow(p);
          if (next == 0) return leave(0, imm(p), LOOKUP);
          p = next;
          continue;
        }
        break;
      case op.B_NE:
        if (condition(1)) {
          const next = follow(p);
          if (next == 0) return leave(0, imm(p), LOOKUP);
          p = next;
          continue;
        }
        break;
      case op.B_CS:
        if (condition(2)) {
          const next = follow(p);
          if (next == 0) return leave(0, imm(p), LOOKUP);
          p = next;
          continue;
        }
        break;
      case op.B_CC:
        if (condition(3)) {
          const next = follow(p);
          if (next == 0) return leave(0, imm(p), LOOKUP);
          p = next;
          continue;
        }
        break;
      case op.B_MI:
        if (condition(4)) {
          const next = follow(p);
          if (next == 0) return leave(0, imm(p), LOOKUP);
          p = next;
          continue;
        }
        break;
      case op.B_PL:
        if (condition(5)) {
          const next = follow(p);
          if (next == 0) return leave(0, imm(p), LOOKUP);
          p = next;
          continue;
        }
        break;
      case op.B_VS:
        if (condition(6)) {
          const next = follow(p);
          if (next == 0) return leave(0, imm(p), LOOKUP);
          p = next;
          continue;
        }
        break;
      case op.B_VC:
        if (condition(7)) {
          const next = follow(p);
          if (next == 0) return leave(0, imm(p), LOOKUP);
          p = next;
          continue;
        }
        break;
      case op.B_HI:
        if (condition(8)) {
          const next = follow(p);
          if (next == 0) return leave(0, imm(p), LOOKUP);
          p = next;
          continue;
        }
        break;
      case op.B_LS:
        if (condition(9)) {
          const next = follow(p);
          if (next == 0) return leave(0, imm(p), LOOKUP);
          p = next;
          continue;
        }
        break;
      case op.B_GE:
        if (condition(10)) {
          const next = follow(p);
          if (next == 0) return leave(0, imm(p), LOOKUP);
          p = next;
          continue;
        }
        break;
      case op.B_LT:
        if (condition(11)) {
          const next = follow(p);
          if (next == 0) return leave(0, imm(p), LOOKUP);
          p = next;
          continue;
        }
        break;
      case op.B_GT:
        if (condition(12)) {
          const next = follow(p);
          if (next == 0) return leave(0, imm(p), LOOKUP);
          p = next;
          continue;
        }
        break;
      case op.B_LE:
        if (condition(13)) {
          const next = follow(p);
          if (next == 0) return leave(0, imm(p), LOOKUP);
          p = next;
          continue;
        }
        break;
      case op.SKIP_EQ:
        if (!condition(0)) p += aux(p) << 4;
        break;
      case op.SKIP_NE:
        if (!condition(1)) p += aux(p) << 4;
        break;
      case op.SKIP_CS:
        if (!condition(2)) p += aux(p) << 4;
        break;
      case op.SKIP_CC:
        if (!condition(3)) p += aux(p) << 4;
        break;
      case op.SKIP_MI:
        if (!condition(4)) p += aux(p) << 4;
        break;
      case op.SKIP_PL:
        if (!condition(5)) p += aux(p) << 4;
        break;
      case op.SKIP_VS:
        if (!condition(6)) p += aux(p) << 4;
        break;
      case op.SKIP_VC:
        if (!condition(7)) p += aux(p) << 4;
        break;
      case op.SKIP_HI:
        if (!condition(8)) p += aux(p) << 4;
        break;
      case op.SKIP_LS:
        if (!condition(9)) p += aux(p) << 4;
        break;
      case op.SKIP_GE:
        if (!condition(10)) p += aux(p) << 4;
        break;
      case op.SKIP_LT:
        if (!condition(11)) p += aux(p) << 4;
        break;
      case op.SKIP_GT:
        if (!condition(12)) p += aux(p) << 4;
        break;
      case op.SKIP_LE:
        if (!condition(13)) p += aux(p) << 4;
        break;
      case op.CBZ:
        if (getN(p) == 0) {
          const next = follow(p);
          if (next == 0) return leave(0, imm(p), LOOKUP);
          p = next;
          continue;
        }
        break;
      case op.SKIP_CBZ:
        if (!(getN(p) == 0)) p += aux(p) << 4;
        break;
      case op.CBNZ:
        if (getN(p) != 0) {
          const next = follow(p);
          if (next == 0) return leave(0, imm(p), LOOKUP);
          p = next;
          continue;
        }
        break;
      case op.SKIP_CBNZ:
        if (!(getN(p) != 0)) p += aux(p) << 4;
        break;
      case op.MUL:
        setD(p, getN(p) * getM(p));
        break;
      case op.MLA:
        setD(p, getA(p) + getN(p) * getM(p));
        break;
      case op.MLS:
        setD(p, getA(p) - getN(p) * getM(p));
        break;
      case op.UMULL:
        {
          const product = <u64>getN(p) * <u64>getM(p);
          setA(p, <u32>product);
          setD(p, <u32>(product >> 32));
          break;
        }
      case op.SMULL:
        {
          const product = <i64><i32>getN(p) * <i64><i32>getM(p);
          setA(p, <u32>product);
          setD(p, <u32>(product >> 32));
          break;
        }
      case op.UXTB:
        setD(p, getM(p) & 0xff);
        break;
      case op.UXTH:
        setD(p, getM(p) & 0xffff);
        break;
      case op.SXTB:
        setD(p, <u32>(<i32>(<i8>getM(p))));
        break;
      case op.SXTH:
        setD(p, <u32>(<i32>(<i16>getM(p))));
        break;
      case op.UBFX:
        setD(p, (getN(p) >> aux(p)) & imm(p));
        break;
      case op.SBFX:
        setD(p, <u32>((<i32>(getN(p) << aux(p))) >> imm(p)));
        break;
      case op.BFI:
        setD(p, (getD(p) & ~imm(p)) | ((getN(p) << aux(p)) & imm(p)));
        break;
      case op.CLZ:
        setD(p, clz<u32>(getM(p)));
        break;
      case op.MOVT:
        setD(p, (getD(p) & 0xffff) | imm(p));
        break;
      case op.SDIV:
        setD(p, sdiv(<i32>getN(p), <i32>getM(p)));
        break;
      case op.UDIV:
        setD(p, getM(p) == 0 ? 0 : getN(p) / getM(p));
        break;
      case op.CROSS: {
        const next = cross(p);
        if (next == 0) return leave(p, 0, op.CROSS);
        p = next;
        continue;
      }
      case op.SVC:
      case op.BKPT:
      case op.ILLEGAL:
      case op.STEP:
        return leave(p, 0, <i32>load<u16>(p));
      default: {
        const number = <i32>load<u16>(p);
        if (number < op.VADD_F32) media(p, number);
        else vfp(p, number);
      }
    }
    p += 16;
  }
}

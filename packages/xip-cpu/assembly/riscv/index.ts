/*
 * The interpreter's loop over operations that TypeScript has decoded. Except for the place in the
 * code, all state is always in linear memory, so it is exact whenever the loop returns.
 */
import { PIECE } from '../../src/memory/layout';
import {
  CURRENT,
  EXECUTED,
  LEAVE_CHANGED,
  LEAVE_CROSS,
  LEAVE_EBREAK,
  LEAVE_ECALL,
  LEAVE_FAULT,
  LEAVE_ILLEGAL,
  LEAVE_LIMIT,
  LEAVE_LOOKUP,
  LEAVE_STOP,
  LEFT,
  OP_CROSSED,
  OP_EXTRA,
  OP_IMMEDIATE,
  OP_LINK,
  OP_PLACE,
  OP_RD,
  OP_RS1,
  OP_RS2,
  PAGE_BASE,
  PC,
  REGISTERS,
  RESERVED,
  RESERVED_VALUE,
} from '../../src/riscv/layout';
import * as op from '../../src/riscv/operations';
import { codeEntryOf, findCode } from '../memory/tlb';
import { controlStatus } from './csr';
import { float } from './float';
import {
  atomic,
  div,
  divu,
  divuw,
  divw,
  integer,
  mulh,
  mulhsu,
  mulhu,
  rem,
  remu,
  remuw,
  remw,
} from './integer';
import { addressMask, count, readable, readableForStore, storeSlowly, writable } from './memory';

export { configure } from './memory';

// @ts-ignore: decorator
@inline
function rs1<T>(ip: u32): T {
  return load<T>(load<u16>(ip, OP_RS1), REGISTERS);
}

// @ts-ignore: decorator
@inline
function rs2<T>(ip: u32): T {
  return load<T>(load<u16>(ip, OP_RS2), REGISTERS);
}

// @ts-ignore: decorator
@inline
function rd(ip: u32, value: i64): void {
  store<i64>(load<u16>(ip, OP_RD), value, REGISTERS);
}

// @ts-ignore: decorator
@inline
function immediate(ip: u32): i64 {
  return load<i32>(ip, OP_IMMEDIATE);
}

/** Returns the address of the piece of an address. */
// @ts-ignore: decorator
@inline
function pieceOf(address: u64): u64 {
  return address & ~<u64>(PIECE - 1);
}

/** Stores the place that the loop has reached. @returns `why`. */
function leave(why: u32, ip: u32, base: u64, left: i32): u32 {
  store<u32>(CURRENT, ip);
  store<u64>(PAGE_BASE, base);
  store<i32>(LEFT, left);
  return why;
}

/** {@link leave} between two instructions. */
function leaveAt(why: u32, pc: u64, left: i32): u32 {
  store<u64>(PC, pc);
  store<i32>(LEFT, left);
  return why;
}

/**
 * Executes until at least LEFT instructions were executed and a jump is taken, or until the loop
 * cannot go on.
 *
 * @param ip operation to start with; 0: the one at PC.
 * @returns LEAVE_...
 */
export function run(ip: u32): u32 {
  let left = load<i32>(LEFT);
  let base: u64;
  if (ip == 0) {
    const pc = load<u64>(PC);
    if (left <= 0) return LEAVE_LIMIT;
    ip = findCode<u64>(pc);
    if (ip == 0) return LEAVE_LOOKUP;
    base = pieceOf(pc);
  } else {
    base = load<u64>(PAGE_BASE);
  }
  let start = ip;
  while (true) {
    const operation = <u32>load<u16>(ip);
    switch (operation) {
      case op.ADD: rd(ip, rs1<i64>(ip) + rs2<i64>(ip)); ip += 16; continue;
      case op.SUB: rd(ip, rs1<i64>(ip) - rs2<i64>(ip)); ip += 16; continue;
      case op.SLL: rd(ip, rs1<i64>(ip) << rs2<i64>(ip)); ip += 16; continue;
      case op.SLT: rd(ip, i64(rs1<i64>(ip) < rs2<i64>(ip))); ip += 16; continue;
      case op.SLTU: rd(ip, i64(rs1<u64>(ip) < rs2<u64>(ip))); ip += 16; continue;
      case op.XOR: rd(ip, rs1<i64>(ip) ^ rs2<i64>(ip)); ip += 16; continue;
      case op.SRL: rd(ip, rs1<u64>(ip) >> rs2<u64>(ip)); ip += 16; continue;
      case op.SRA: rd(ip, rs1<i64>(ip) >> rs2<i64>(ip)); ip += 16; continue;
      case op.OR: rd(ip, rs1<i64>(ip) | rs2<i64>(ip)); ip += 16; continue;
      case op.AND: rd(ip, rs1<i64>(ip) & rs2<i64>(ip)); ip += 16; continue;
      case op.ADDI: rd(ip, rs1<i64>(ip) + immediate(ip)); ip += 16; continue;
      case op.SLTI: rd(ip, i64(rs1<i64>(ip) < immediate(ip))); ip += 16; continue;
      case op.SLTIU: rd(ip, i64(rs1<u64>(ip) < <u64>immediate(ip))); ip += 16; continue;
      case op.XORI: rd(ip, rs1<i64>(ip) ^ immediate(ip)); ip += 16; continue;
      case op.ORI: rd(ip, rs1<i64>(ip) | immediate(ip)); ip += 16; continue;
      case op.ANDI: rd(ip, rs1<i64>(ip) & immediate(ip)); ip += 16; continue;
      case op.SLLI: rd(ip, rs1<i64>(ip) << immediate(ip)); ip += 16; continue;
      case op.SRLI: rd(ip, rs1<u64>(ip) >> <u64>immediate(ip)); ip += 16; continue;
      case op.SRAI: rd(ip, rs1<i64>(ip) >> immediate(ip)); ip += 16; continue;
      case op.ADDW: rd(ip, rs1<i32>(ip) + rs2<i32>(ip)); ip += 16; continue;
      case op.SUBW: rd(ip, rs1<i32>(ip) - rs2<i32>(ip)); ip += 16; continue;
      case op.SLLW: rd(ip, rs1<i32>(ip) << rs2<i32>(ip)); ip += 16; continue;
      case op.SRLW: rd(ip, <i32>(rs1<u32>(ip) >> rs2<u32>(ip))); ip += 16; continue;
      case op.SRAW: rd(ip, rs1<i32>(ip) >> rs2<i32>(ip)); ip += 16; continue;
      case op.ADDIW: rd(ip, rs1<i32>(ip) + <i32>immediate(ip)); ip += 16; continue;
      case op.SLLIW: rd(ip, rs1<i32>(ip) << <i32>immediate(ip)); ip += 16; continue;
      case op.SRLIW: rd(ip, <i32>(rs1<u32>(ip) >> <u32>immediate(ip))); ip += 16; continue;
      case op.SRAIW: rd(ip, rs1<i32>(ip) >> <i32>immediate(ip)); ip += 16; continue;
      case op.LI: rd(ip, immediate(ip)); ip += 16; continue;
      case op.AUIPC: rd(ip, <i64>base + load<u16>(ip, OP_PLACE) + immediate(ip)); ip += 16; continue;
      case op.AUIPCW: rd(ip, <i32>base + load<u16>(ip, OP_PLACE) + <i32>immediate(ip)); ip += 16; continue;

      // The address of the next instruction is at most one page away: rs1 is the place, rs2 the
      // length.
      case op.JAL: rd(ip, <i64>base + load<u16>(ip, OP_RS1) + load<u16>(ip, OP_RS2)); break;
      case op.JALW: rd(ip, <i32>base + load<u16>(ip, OP_RS1) + load<u16>(ip, OP_RS2)); break;
      case op.JALR:
      case op.JALRW: {
        const target = (rs1<i64>(ip) + immediate(ip)) & ~1 & <i64>addressMask;
        const next = <i64>base + load<u16>(ip, OP_PLACE) + load<u16>(ip, OP_EXTRA);
        rd(ip, operation == op.JALR ? next : <i32>next);
        left -= count(start, ip) + 1;
        ip = left > 0 ? findCode<u64>(target) : 0;
        if (ip == 0) return leaveAt(left > 0 ? LEAVE_LOOKUP : LEAVE_LIMIT, target, left);
        base = pieceOf(target);
        start = ip;
        continue;
      }
      case op.BEQ: if (rs1<i64>(ip) == rs2<i64>(ip)) break; ip += 16; continue;
      case op.BNE: if (rs1<i64>(ip) != rs2<i64>(ip)) break; ip += 16; continue;
      case op.BLT: if (rs1<i64>(ip) < rs2<i64>(ip)) break; ip += 16; continue;
      case op.BGE: if (rs1<i64>(ip) >= rs2<i64>(ip)) break; ip += 16; continue;
      case op.BLTU: if (rs1<u64>(ip) < rs2<u64>(ip)) break; ip += 16; continue;
      case op.BGEU: if (rs1<u64>(ip) >= rs2<u64>(ip)) break; ip += 16; continue;

      case op.LB: { const at = readable(ip, base, left, start, addressOf(ip), 1); if (at == 0) return leave(LEAVE_FAULT, ip, base, left - count(start, ip)); rd(ip, load<i8>(at)); ip += 16; continue; }
      case op.LH: { const at = readable(ip, base, left, start, addressOf(ip), 2); if (at == 0) return leave(LEAVE_FAULT, ip, base, left - count(start, ip)); rd(ip, load<i16>(at)); ip += 16; continue; }
      case op.LW: { const at = readable(ip, base, left, start, addressOf(ip), 4); if (at == 0) return leave(LEAVE_FAULT, ip, base, left - count(start, ip)); rd(ip, load<i32>(at)); ip += 16; continue; }
      case op.LD: { const at = readable(ip, base, left, start, addressOf(ip), 8); if (at == 0) return leave(LEAVE_FAULT, ip, base, left - count(start, ip)); rd(ip, load<i64>(at)); ip += 16; continue; }
      case op.LBU: { const at = readable(ip, base, left, start, addressOf(ip), 1); if (at == 0) return leave(LEAVE_FAULT, ip, base, left - count(start, ip)); rd(ip, load<u8>(at)); ip += 16; continue; }
      case op.LHU: { const at = readable(ip, base, left, start, addressOf(ip), 2); if (at == 0) return leave(LEAVE_FAULT, ip, base, left - count(start, ip)); rd(ip, load<u16>(at)); ip += 16; continue; }
      case op.LWU: { const at = readable(ip, base, left, start, addressOf(ip), 4); if (at == 0) return leave(LEAVE_FAULT, ip, base, left - count(start, ip)); rd(ip, load<u32>(at)); ip += 16; continue; }
      case op.FLW: { const at = readable(ip, base, left, start, addressOf(ip), 4); if (at == 0) return leave(LEAVE_FAULT, ip, base, left - count(start, ip)); rd(ip, <i64>load<u32>(at) | 0xffffffff00000000); ip += 16; continue; }
      case op.FLD: { const at = readable(ip, base, left, start, addressOf(ip), 8); if (at == 0) return leave(LEAVE_FAULT, ip, base, left - count(start, ip)); rd(ip, load<i64>(at)); ip += 16; continue; }

      case op.SB: { const address = addressOf(ip); const at = writable(address, 1); if (at != 0) store<u8>(at, rs2<u8>(ip)); else { const done = storeSlowly(ip, base, left - count(start, ip), address, 1, rs2<u64>(ip)); if (done != 1) return leaveStore(done, ip, base, left - count(start, ip)); } ip += 16; continue; }
      case op.SH: { const address = addressOf(ip); const at = writable(address, 2); if (at != 0) store<u16>(at, rs2<u16>(ip)); else { const done = storeSlowly(ip, base, left - count(start, ip), address, 2, rs2<u64>(ip)); if (done != 1) return leaveStore(done, ip, base, left - count(start, ip)); } ip += 16; continue; }
      case op.FSW:
      case op.SW: { const address = addressOf(ip); const at = writable(address, 4); if (at != 0) store<u32>(at, rs2<u32>(ip)); else { const done = storeSlowly(ip, base, left - count(start, ip), address, 4, rs2<u64>(ip)); if (done != 1) return leaveStore(done, ip, base, left - count(start, ip)); } ip += 16; continue; }
      case op.FSD:
      case op.SD: { const address = addressOf(ip); const at = writable(address, 8); if (at != 0) store<u64>(at, rs2<u64>(ip)); else { const done = storeSlowly(ip, base, left - count(start, ip), address, 8, rs2<u64>(ip)); if (done != 1) return leaveStore(done, ip, base, left - count(start, ip)); } ip += 16; continue; }

      case op.MUL: rd(ip, rs1<i64>(ip) * rs2<i64>(ip)); ip += 16; continue;
      case op.MULW: rd(ip, rs1<i32>(ip) * rs2<i32>(ip)); ip += 16; continue;
      case op.MULH: rd(ip, mulh(rs1<i64>(ip), rs2<i64>(ip))); ip += 16; continue;
      case op.MULHSU: rd(ip, mulhsu(rs1<i64>(ip), rs2<u64>(ip))); ip += 16; continue;
      case op.MULHU: rd(ip, mulhu(rs1<u64>(ip), rs2<u64>(ip))); ip += 16; continue;
      case op.MULH32: rd(ip, rs1<i64>(ip) * rs2<i64>(ip) >> 32); ip += 16; continue;
      case op.MULHSU32: rd(ip, rs1<i64>(ip) * <i64>rs2<u32>(ip) >> 32); ip += 16; continue;
      case op.MULHU32: rd(ip, <i32>(<u64>rs1<u32>(ip) * <u64>rs2<u32>(ip) >> 32)); ip += 16; continue;
      case op.DIV: rd(ip, div(rs1<i64>(ip), rs2<i64>(ip))); ip += 16; continue;
      case op.DIVU: rd(ip, divu(rs1<u64>(ip), rs2<u64>(ip))); ip += 16; continue;
      case op.REM: rd(ip, rem(rs1<i64>(ip), rs2<i64>(ip))); ip += 16; continue;
      case op.REMU: rd(ip, remu(rs1<u64>(ip), rs2<u64>(ip))); ip += 16; continue;
      case op.DIVW: rd(ip, divw(rs1<i32>(ip), rs2<i32>(ip))); ip += 16; continue;
      case op.DIVUW: rd(ip, divuw(rs1<u32>(ip), rs2<u32>(ip))); ip += 16; continue;
      case op.REMW: rd(ip, remw(rs1<i32>(ip), rs2<i32>(ip))); ip += 16; continue;
      case op.REMUW: rd(ip, remuw(rs1<u32>(ip), rs2<u32>(ip))); ip += 16; continue;

      case op.SH1ADD: rd(ip, (rs1<i64>(ip) << 1) + rs2<i64>(ip)); ip += 16; continue;
      case op.SH2ADD: rd(ip, (rs1<i64>(ip) << 2) + rs2<i64>(ip)); ip += 16; continue;
      case op.SH3ADD: rd(ip, (rs1<i64>(ip) << 3) + rs2<i64>(ip)); ip += 16; continue;
      case op.ADD_UW: rd(ip, <i64>rs1<u32>(ip) + rs2<i64>(ip)); ip += 16; continue;

      case op.LR_W:
      case op.LR_D: {
        const address = addressOf(ip);
        const size: u32 = operation == op.LR_W ? 4 : 8;
        if (misaligned(address, size)) return leave(LEAVE_FAULT, ip, base, left - count(start, ip));
        const at = readable(ip, base, left, start, address, size);
        if (at == 0) return leave(LEAVE_FAULT, ip, base, left - count(start, ip));
        const value: i64 = operation == op.LR_W ? load<i32>(at) : load<i64>(at);
        store<u64>(RESERVED, address);
        store<i64>(RESERVED_VALUE, value);
        rd(ip, value);
        ip += 16;
        continue;
      }
      case op.SC_W:
      case op.SC_D: {
        const address = addressOf(ip);
        const size: u32 = operation == op.SC_W ? 4 : 8;
        if (misaligned(address, size)) return leave(LEAVE_FAULT, ip, base, left - count(start, ip));
        if (load<u64>(RESERVED) != address) {
          store<i64>(RESERVED, -1);
          rd(ip, 1);
          ip += 16;
          continue;
        }
        // SC is a compare and swap: it succeeds if the value is still the one that LR found.
        let at = writable(address, size);
        const slow = at == 0;
        if (slow) at = readableForStore(ip, base, left - count(start, ip), address, size);
        if (at == 0) return leave(LEAVE_FAULT, ip, base, left - count(start, ip));
        const found: i64 = size == 4 ? load<i32>(at) : load<i64>(at);
        const reserved = load<i64>(RESERVED_VALUE);
        store<i64>(RESERVED, -1);
        if (found != (size == 4 ? <i32>reserved : reserved)) rd(ip, 1);
        else {
          let done: u32 = 1;
          if (slow) done = storeSlowly(ip, base, left - count(start, ip), address, size, rs2<u64>(ip));
          else if (size == 4) store<u32>(at, rs2<u32>(ip));
          else store<u64>(at, rs2<u64>(ip));
          rd(ip, 0);
          if (done != 1) return leaveStore(done, ip, base, left - count(start, ip));
        }
        ip += 16;
        continue;
      }
      case op.AMO_W:
      case op.AMO_D: {
        const address = addressOf(ip);
        const size: u32 = operation == op.AMO_W ? 4 : 8;
        if (misaligned(address, size)) return leave(LEAVE_FAULT, ip, base, left - count(start, ip));
        const which = load<u16>(ip, OP_EXTRA);
        let at = writable(address, size);
        const slow = at == 0;
        if (slow) at = readableForStore(ip, base, left - count(start, ip), address, size);
        if (at == 0) return leave(LEAVE_FAULT, ip, base, left - count(start, ip));
        const old: i64 = operation == op.AMO_W ? load<i32>(at) : load<i64>(at);
        const value: i64 = atomic(which, old, operation == op.AMO_W ? rs2<i32>(ip) : rs2<i64>(ip));
        if (slow) {
          const done = storeSlowly(ip, base, left - count(start, ip), address, size, value);
          if (done == 0) return leave(LEAVE_FAULT, ip, base, left - count(start, ip));
          rd(ip, old);
          if (done != 1) return leaveStore(done, ip, base, left - count(start, ip));
        } else {
          if (size == 4) store<u32>(at, <u32>value);
          else store<u64>(at, value);
          rd(ip, old);
        }
        ip += 16;
        continue;
      }

      case op.INTEGER: rd(ip, integer(load<u16>(ip, OP_EXTRA), rs1<i64>(ip), rs2<i64>(ip), <i32>immediate(ip))); ip += 16; continue;
      case op.FLOAT: if (!float(ip)) return leave(LEAVE_ILLEGAL, ip, base, left - count(start, ip)); ip += 16; continue;
      case op.CSR: {
        const executed = load<i64>(EXECUTED) - (left - count(start, ip));
        if (!controlStatus(ip, executed)) return leave(LEAVE_ILLEGAL, ip, base, left - count(start, ip));
        ip += 16;
        continue;
      }
      case op.NOP: ip += 16; continue;

      // Not an instruction: the straight line continues elsewhere.
      case op.END: left += 1; break;
      case op.STOP: return leave(LEAVE_STOP, ip, base, left - count(start, ip));
      case op.CROSS: {
        const next = (base + PIECE) & addressMask;
        const entry = codeEntryOf<u64>(next);
        if (load<u64>(entry) != next || load<u32>(entry, 8) != load<u32>(ip, OP_IMMEDIATE)) {
          return leave(LEAVE_CROSS, ip, base, left - count(start, ip));
        }
        left -= count(start, ip);
        ip = load<u32>(ip, OP_CROSSED);
        start = ip;
        continue;
      }
      case op.ECALL: return leave(LEAVE_ECALL, ip, base, left - count(start, ip) - 1);
      case op.EBREAK: return leave(LEAVE_EBREAK, ip, base, left - count(start, ip));
      case op.ILLEGAL: return leave(LEAVE_ILLEGAL, ip, base, left - count(start, ip));
      default: unreachable();
    }
    // A jump is taken.
    left -= count(start, ip) + 1;
    const link = load<u32>(ip, OP_LINK);
    if (link != 0 && left > 0) {
      ip = link;
      start = link;
      continue;
    }
    const target = (base + immediate(ip)) & addressMask;
    if (left <= 0) return leaveAt(LEAVE_LIMIT, target, left);
    const found = findCode<u64>(target);
    if (found == 0) return leaveAt(LEAVE_LOOKUP, target, left);
    const page = pieceOf(target);
    if (page == base) store<u32>(ip, found, OP_LINK);
    base = page;
    ip = found;
    start = found;
  }
  return LEAVE_LIMIT;
}

// @ts-ignore: decorator
@inline
function addressOf(ip: u32): u64 {
  return (rs1<i64>(ip) + immediate(ip)) & <i64>addressMask;
}

/** Leaves after a store on the slow path: it faulted, or code has changed and must be looked up. */
function leaveStore(done: u32, ip: u32, base: u64, left: i32): u32 {
  if (done == 0) return leave(LEAVE_FAULT, ip, base, left);
  return leave(LEAVE_CHANGED, ip, base, left - 1);
}

/** Asks TypeScript, which finds that no page has faulted, and sends SIGBUS. */
// @ts-ignore: decorator
@inline
function misaligned(address: u64, size: u32): bool {
  return (<u32>address & (size - 1)) != 0;
}

import * as op from '../../src/riscv/operations';

/** Returns the upper half of the product of two unsigned numbers. */
export function mulhu(a: u64, b: u64): u64 {
  const al = a & 0xffffffff,
    ah = a >> 32,
    bl = b & 0xffffffff,
    bh = b >> 32;
  const low = al * bl;
  const middle = ah * bl + (low >> 32);
  const other = al * bh + (middle & 0xffffffff);
  return ah * bh + (middle >> 32) + (other >> 32);
}

export function mulh(a: i64, b: i64): i64 {
  return <i64>mulhu(a, b) - ((a >> 63) & b) - ((b >> 63) & a);
}

export function mulhsu(a: i64, b: u64): i64 {
  return <i64>mulhu(a, b) - ((a >> 63) & (<i64>b));
}

// Division never traps: the quotient by zero is -1, and the most negative number divided by -1 is
// itself.

export function div(a: i64, b: i64): i64 {
  if (b == 0) return -1;
  if (b == -1) return -a;
  return a / b;
}

export function rem(a: i64, b: i64): i64 {
  if (b == 0) return a;
  if (b == -1) return 0;
  return a % b;
}

export function divu(a: u64, b: u64): u64 {
  return b == 0 ? u64.MAX_VALUE : a / b;
}

export function remu(a: u64, b: u64): u64 {
  return b == 0 ? a : a % b;
}

export function divw(a: i32, b: i32): i64 {
  if (b == 0) return -1;
  if (b == -1) return -a;
  return a / b;
}

export function remw(a: i32, b: i32): i64 {
  if (b == 0) return a;
  if (b == -1) return 0;
  return a % b;
}

export function divuw(a: u32, b: u32): i64 {
  return b == 0 ? -1 : <i32>(a / b);
}

export function remuw(a: u32, b: u32): i64 {
  return b == 0 ? <i32>a : <i32>(a % b);
}

/** Makes each byte that is not 0 0xff. */
function orcB(a: u64): u64 {
  let set = a | (a >> 4);
  set |= set >> 2;
  set |= set >> 1;
  return (set & 0x0101010101010101) * 0xff;
}

/** Zba, Zbb and Zbs, except for what the loop itself handles. @param imm shift amount or number of a bit. */
export function integer(operation: u32, a: i64, b: i64, imm: i32): i64 {
  switch (operation) {
    case op.I_SH1ADDW:
      return <i32>((a << 1) + b);
    case op.I_SH2ADDW:
      return <i32>((a << 2) + b);
    case op.I_SH3ADDW:
      return <i32>((a << 3) + b);
    case op.I_SH1ADD_UW:
      return ((<i64>(<u32>a)) << 1) + b;
    case op.I_SH2ADD_UW:
      return ((<i64>(<u32>a)) << 2) + b;
    case op.I_SH3ADD_UW:
      return ((<i64>(<u32>a)) << 3) + b;
    case op.I_SLLI_UW:
      return (<i64>(<u32>a)) << imm;
    case op.I_ANDN:
      return a & ~b;
    case op.I_ORN:
      return a | ~b;
    case op.I_XNOR:
      return ~(a ^ b);
    case op.I_CLZ:
      return clz(a);
    case op.I_CTZ:
      return ctz(a);
    case op.I_CPOP:
      return popcnt(a);
    case op.I_CLZW:
      return clz(<i32>a);
    case op.I_CTZW:
      return ctz(<i32>a);
    case op.I_CPOPW:
      return popcnt(<i32>a);
    case op.I_MAX:
      return a > b ? a : b;
    case op.I_MAXU:
      return <u64>a > <u64>b ? a : b;
    case op.I_MIN:
      return a < b ? a : b;
    case op.I_MINU:
      return <u64>a < <u64>b ? a : b;
    case op.I_SEXT_B:
      return <i8>a;
    case op.I_SEXT_H:
      return <i16>a;
    case op.I_ZEXT_H:
      return <u16>a;
    case op.I_ROL:
      return rotl(a, b);
    case op.I_ROR:
      return rotr(a, b);
    case op.I_RORI:
      return rotr(a, imm);
    case op.I_ROLW:
      return rotl(<i32>a, <i32>b);
    case op.I_RORW:
      return rotr(<i32>a, <i32>b);
    case op.I_RORIW:
      return rotr(<i32>a, imm);
    case op.I_ORC_B:
      return orcB(a);
    case op.I_ORC_B32:
      return <i32>orcB(a);
    case op.I_REV8:
      return bswap<u64>(a);
    case op.I_REV8_32:
      return <i32>bswap<u32>(<u32>a);
    case op.I_BCLR:
      return a & ~((<i64>1) << b);
    case op.I_BEXT:
      return (a >> b) & 1;
    case op.I_BINV:
      return a ^ ((<i64>1) << b);
    case op.I_BSET:
      return a | ((<i64>1) << b);
    case op.I_BCLRI:
      return a & ~((<i64>1) << imm);
    case op.I_BEXTI:
      return (a >> imm) & 1;
    case op.I_BINVI:
      return a ^ ((<i64>1) << imm);
    case op.I_BSETI:
      return a | ((<i64>1) << imm);
    case op.I_BCLRW:
      return (<i32>a) & ~(1 << (<i32>b));
    case op.I_BEXTW:
      return ((<i32>a) >> (<i32>b)) & 1;
    case op.I_BINVW:
      return (<i32>a) ^ (1 << (<i32>b));
    case op.I_BSETW:
      return (<i32>a) | (1 << (<i32>b));
    case op.I_BCLRIW:
      return (<i32>a) & ~(1 << imm);
    case op.I_BEXTIW:
      return ((<i32>a) >> imm) & 1;
    case op.I_BINVIW:
      return (<i32>a) ^ (1 << imm);
    case op.I_BSETIW:
      return (<i32>a) | (1 << imm);
    default:
      unreachable();
  }
  return 0;
}

/**
 * Returns the value that an AMO stores. Operands of 32 bits are sign-extended, which also keeps
 * their unsigned order.
 */
export function atomic(operation: u32, old: i64, value: i64): i64 {
  switch (operation) {
    case op.AMOSWAP:
      return value;
    case op.AMOADD:
      return old + value;
    case op.AMOXOR:
      return old ^ value;
    case op.AMOAND:
      return old & value;
    case op.AMOOR:
      return old | value;
    case op.AMOMIN:
      return old < value ? old : value;
    case op.AMOMAX:
      return old > value ? old : value;
    case op.AMOMINU:
      return <u64>old < <u64>value ? old : value;
    case op.AMOMAXU:
      return <u64>old > <u64>value ? old : value;
    default:
      unreachable();
  }
  return 0;
}

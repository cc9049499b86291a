/** A 16-bit instruction and the 32-bit one that it stands for. */
export interface Compressed {
  readonly name: string;
  /**
   * Bits 15 to 0: 0 and 1 are fixed; d, s and t are registers, of which three bits mean x8 to x15;
   * i is an immediate.
   */
  readonly pattern: string;
  /** The only width that has it. Default: both. */
  readonly only?: 32 | 64;
  /** Returns the 32-bit instruction; undefined for operands that are reserved. */
  readonly expand: (half: number) => number | undefined;
}

// Opcodes of 32-bit instructions, and funct3 shifted to its place.
const LOAD = 0x03;
const LOAD_FP = 0x07;
const OP_IMM = 0x13;
const OP_IMM_32 = 0x1b;
const STORE = 0x23;
const STORE_FP = 0x27;
const OP = 0x33;
const OP_32 = 0x3b;
const LUI = 0x37;
const BRANCH = 0x63;
const JALR = 0x67;
const JAL = 0x6f;
const F3 = 12;
const WORD = 2 << F3;
const DOUBLE = 3 << F3;
const EBREAK = 0x00100073;

function rType(code: number, rd: number, rs1: number, rs2: number): number {
  return code | (rd << 7) | (rs1 << 15) | (rs2 << 20);
}

function iType(code: number, rd: number, rs1: number, immediate: number): number {
  return code | (rd << 7) | (rs1 << 15) | (immediate << 20);
}

function sType(code: number, rs1: number, rs2: number, offset: number): number {
  return code | ((offset & 31) << 7) | (rs1 << 15) | (rs2 << 20) | ((offset >> 5) << 25);
}

function bType(code: number, rs1: number, offset: number): number {
  const low = (offset & 0x1e) | ((offset >> 11) & 1);
  return code | (low << 7) | (rs1 << 15) | ((offset & 0x7e0) << 20) | ((offset >> 12) << 31);
}

function jType(code: number, rd: number, offset: number): number {
  const bits = (offset & 0xff000) | ((offset & 0x800) << 9) | ((offset & 0x7fe) << 20);
  return code | (rd << 7) | bits | ((offset >> 20) << 31);
}

/** Returns bits `from` to `from + count - 1`, moved to `to`. */
function bits(half: number, from: number, count: number, to = 0): number {
  return ((half >> from) & ((1 << count) - 1)) << to;
}

/** Sign-extends a number of `width` bits. */
function signed(value: number, width: number): number {
  return (value << (32 - width)) >> (32 - width);
}

// Register fields: five bits at 7 or at 2, three bits at 7 or at 2.
const full = (half: number): number => bits(half, 7, 5);
const second = (half: number): number => bits(half, 2, 5);
const high = (half: number): number => 8 + bits(half, 7, 3);
const low = (half: number): number => 8 + bits(half, 2, 3);

// Immediates, whose bits are scattered over the halfword.
const imm6 = (half: number): number => signed(bits(half, 2, 5) | bits(half, 12, 1, 5), 6);
const shift6 = (half: number): number => bits(half, 2, 5) | bits(half, 12, 1, 5);
const wordOffset = (half: number): number =>
  bits(half, 6, 1, 2) | bits(half, 10, 3, 3) | bits(half, 5, 1, 6);
const doubleOffset = (half: number): number => bits(half, 10, 3, 3) | bits(half, 5, 2, 6);
const stackWord = (half: number): number =>
  bits(half, 4, 3, 2) | bits(half, 12, 1, 5) | bits(half, 2, 2, 6);
const stackDouble = (half: number): number =>
  bits(half, 5, 2, 3) | bits(half, 12, 1, 5) | bits(half, 2, 3, 6);
const storedWord = (half: number): number => bits(half, 9, 4, 2) | bits(half, 7, 2, 6);
const storedDouble = (half: number): number => bits(half, 10, 3, 3) | bits(half, 7, 3, 6);
const jump = (half: number): number =>
  signed(
    bits(half, 3, 3, 1) |
      bits(half, 11, 1, 4) |
      bits(half, 2, 1, 5) |
      bits(half, 7, 1, 6) |
      bits(half, 6, 1, 7) |
      bits(half, 9, 2, 8) |
      bits(half, 8, 1, 10) |
      bits(half, 12, 1, 11),
    12,
  );
const branch = (half: number): number =>
  signed(
    bits(half, 3, 2, 1) |
      bits(half, 10, 2, 3) |
      bits(half, 2, 1, 5) |
      bits(half, 5, 2, 6) |
      bits(half, 12, 1, 8),
    9,
  );
const stackAdd = (half: number): number =>
  signed(
    bits(half, 6, 1, 4) |
      bits(half, 2, 1, 5) |
      bits(half, 5, 1, 6) |
      bits(half, 3, 2, 7) |
      bits(half, 12, 1, 9),
    10,
  );
const stackAddress = (half: number): number =>
  bits(half, 6, 1, 2) | bits(half, 5, 1, 3) | bits(half, 11, 2, 4) | bits(half, 7, 4, 6);

/** Returns an operation on two of x8 to x15, the first of which gets the result. */
function onPair(name: string, pattern: string, code: number, only?: 64): Compressed {
  const expand = (half: number): number => rType(code, high(half), high(half), low(half));
  return only === undefined ? { name, pattern, expand } : { name, pattern, only, expand };
}

const SUB = OP | (0x20 << 25);
const ADDI4SPN = (h: number): number | undefined =>
  stackAddress(h) === 0 ? undefined : iType(OP_IMM, low(h), 2, stackAddress(h));

/** The C extension, quadrant 0. */
const QUADRANT_0: readonly Compressed[] = [
  { name: 'c.addi4spn', pattern: '000 iiiiiiii ddd 00', expand: ADDI4SPN },
  {
    name: 'c.fld',
    pattern: '001 iii sss ii ddd 00',
    expand: (h) => iType(LOAD_FP | DOUBLE, low(h), high(h), doubleOffset(h)),
  },
  {
    name: 'c.lw',
    pattern: '010 iii sss ii ddd 00',
    expand: (h) => iType(LOAD | WORD, low(h), high(h), wordOffset(h)),
  },
  {
    name: 'c.flw',
    pattern: '011 iii sss ii ddd 00',
    only: 32,
    expand: (h) => iType(LOAD_FP | WORD, low(h), high(h), wordOffset(h)),
  },
  {
    name: 'c.ld',
    pattern: '011 iii sss ii ddd 00',
    only: 64,
    expand: (h) => iType(LOAD | DOUBLE, low(h), high(h), doubleOffset(h)),
  },
  {
    name: 'c.fsd',
    pattern: '101 iii sss ii ttt 00',
    expand: (h) => sType(STORE_FP | DOUBLE, high(h), low(h), doubleOffset(h)),
  },
  {
    name: 'c.sw',
    pattern: '110 iii sss ii ttt 00',
    expand: (h) => sType(STORE | WORD, high(h), low(h), wordOffset(h)),
  },
  {
    name: 'c.fsw',
    pattern: '111 iii sss ii ttt 00',
    only: 32,
    expand: (h) => sType(STORE_FP | WORD, high(h), low(h), wordOffset(h)),
  },
  {
    name: 'c.sd',
    pattern: '111 iii sss ii ttt 00',
    only: 64,
    expand: (h) => sType(STORE | DOUBLE, high(h), low(h), doubleOffset(h)),
  },
];

const SPECIFIC_LUI = (h: number): number | undefined => {
  if (imm6(h) === 0) return undefined;
  return LUI | (full(h) << 7) | (imm6(h) << 12);
};
const ADDI16SP = (h: number): number | undefined =>
  stackAdd(h) === 0 ? undefined : iType(OP_IMM, 2, 2, stackAdd(h));

/** The C extension, quadrant 1. The more specific pattern comes first. */
const QUADRANT_1: readonly Compressed[] = [
  {
    name: 'c.addi',
    pattern: '000 i ddddd iiiii 01',
    expand: (h) => iType(OP_IMM, full(h), full(h), imm6(h)),
  },
  { name: 'c.jal', pattern: '001 iiiiiiiiiii 01', only: 32, expand: (h) => jType(JAL, 1, jump(h)) },
  {
    name: 'c.addiw',
    pattern: '001 i ddddd iiiii 01',
    only: 64,
    expand: (h) => (full(h) === 0 ? undefined : iType(OP_IMM_32, full(h), full(h), imm6(h))),
  },
  {
    name: 'c.li',
    pattern: '010 i ddddd iiiii 01',
    expand: (h) => iType(OP_IMM, full(h), 0, imm6(h)),
  },
  { name: 'c.addi16sp', pattern: '011 i 00010 iiiii 01', expand: ADDI16SP },
  { name: 'c.lui', pattern: '011 i ddddd iiiii 01', expand: SPECIFIC_LUI },
  {
    name: 'c.srli',
    pattern: '100 i 00 ddd iiiii 01',
    expand: (h) => iType(OP_IMM | (5 << F3), high(h), high(h), shift6(h)),
  },
  {
    name: 'c.srai',
    pattern: '100 i 01 ddd iiiii 01',
    expand: (h) => iType(OP_IMM | (5 << F3), high(h), high(h), shift6(h) | 0x400),
  },
  {
    name: 'c.andi',
    pattern: '100 i 10 ddd iiiii 01',
    expand: (h) => iType(OP_IMM | (7 << F3), high(h), high(h), imm6(h)),
  },
  onPair('c.sub', '100 0 11 ddd 00 ttt 01', SUB),
  onPair('c.xor', '100 0 11 ddd 01 ttt 01', OP | (4 << F3)),
  onPair('c.or', '100 0 11 ddd 10 ttt 01', OP | (6 << F3)),
  onPair('c.and', '100 0 11 ddd 11 ttt 01', OP | (7 << F3)),
  onPair('c.subw', '100 1 11 ddd 00 ttt 01', OP_32 | (0x20 << 25), 64),
  onPair('c.addw', '100 1 11 ddd 01 ttt 01', OP_32, 64),
  { name: 'c.j', pattern: '101 iiiiiiiiiii 01', expand: (h) => jType(JAL, 0, jump(h)) },
  {
    name: 'c.beqz',
    pattern: '110 iii sss iiiii 01',
    expand: (h) => bType(BRANCH, high(h), branch(h)),
  },
  {
    name: 'c.bnez',
    pattern: '111 iii sss iiiii 01',
    expand: (h) => bType(BRANCH | (1 << F3), high(h), branch(h)),
  },
];

/** Expands a load from the stack, which must not be to x0. */
const fromStack =
  (code: number, offset: (half: number) => number) =>
  (h: number): number | undefined =>
    full(h) === 0 ? undefined : iType(code, full(h), 2, offset(h));

/** The C extension, quadrant 2. */
const QUADRANT_2: readonly Compressed[] = [
  {
    name: 'c.slli',
    pattern: '000 i ddddd iiiii 10',
    expand: (h) => iType(OP_IMM | (1 << F3), full(h), full(h), shift6(h)),
  },
  {
    name: 'c.fldsp',
    pattern: '001 i ddddd iiiii 10',
    expand: (h) => iType(LOAD_FP | DOUBLE, full(h), 2, stackDouble(h)),
  },
  { name: 'c.lwsp', pattern: '010 i ddddd iiiii 10', expand: fromStack(LOAD | WORD, stackWord) },
  {
    name: 'c.flwsp',
    pattern: '011 i ddddd iiiii 10',
    only: 32,
    expand: (h) => iType(LOAD_FP | WORD, full(h), 2, stackWord(h)),
  },
  {
    name: 'c.ldsp',
    pattern: '011 i ddddd iiiii 10',
    only: 64,
    expand: fromStack(LOAD | DOUBLE, stackDouble),
  },
  {
    name: 'c.jr',
    pattern: '100 0 sssss 00000 10',
    expand: (h) => (full(h) === 0 ? undefined : iType(JALR, 0, full(h), 0)),
  },
  {
    name: 'c.mv',
    pattern: '100 0 ddddd ttttt 10',
    expand: (h) => rType(OP, full(h), 0, second(h)),
  },
  { name: 'c.ebreak', pattern: '100 1 00000 00000 10', expand: () => EBREAK },
  {
    name: 'c.jalr',
    pattern: '100 1 sssss 00000 10',
    expand: (h) => iType(JALR, 1, full(h), 0),
  },
  {
    name: 'c.add',
    pattern: '100 1 ddddd ttttt 10',
    expand: (h) => rType(OP, full(h), full(h), second(h)),
  },
  {
    name: 'c.fsdsp',
    pattern: '101 iiiiii ttttt 10',
    expand: (h) => sType(STORE_FP | DOUBLE, 2, second(h), storedDouble(h)),
  },
  {
    name: 'c.swsp',
    pattern: '110 iiiiii ttttt 10',
    expand: (h) => sType(STORE | WORD, 2, second(h), storedWord(h)),
  },
  {
    name: 'c.fswsp',
    pattern: '111 iiiiii ttttt 10',
    only: 32,
    expand: (h) => sType(STORE_FP | WORD, 2, second(h), storedWord(h)),
  },
  {
    name: 'c.sdsp',
    pattern: '111 iiiiii ttttt 10',
    only: 64,
    expand: (h) => sType(STORE | DOUBLE, 2, second(h), storedDouble(h)),
  },
];

/** The C extension. */
export const COMPRESSED: readonly Compressed[] = [...QUADRANT_0, ...QUADRANT_1, ...QUADRANT_2];

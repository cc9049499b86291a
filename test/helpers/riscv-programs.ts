import { Decoder, INSTRUCTIONS, type Xlen } from '#xip-cpu/riscv/decoder.js';
import { COMPRESSED, type Compressed } from '#xip-cpu/riscv/groups/compressed.js';
import { maskAndMatch, type Instruction } from '#xip-cpu/riscv/instruction.js';

/*
 * Programs of random instructions for a processor and for QEMU: each sequence gets registers of random bits, executes,
 * and puts all of its registers down. The programs are ELF files without a libc; at the end they write what they
 * have put down to standard output.
 */

export const START = 0x10000;
/** Bytes that loads and stores of all sequences are about, and what comes before them. */
const DATA = 1024;
const HEADER = 0x1000;
/** Integer registers that hold addresses, and stay what they are: sp, s0, s1. */
const SP = 2;
const POINTER = 8;
const ALIGNED = 9;
const KEPT = [SP, POINTER, ALIGNED];

export type Random = (below: number) => number;

/** Numbers of a linear congruential generator: the same for the same seed. */
export function randomNumbers(seed: number): Random {
  let state = BigInt(seed) * 2n + 1n;
  return (below) => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number((state >> 33n) % BigInt(below));
  };
}

const SPECIAL_DOUBLES = [
  0n,
  1n << 63n,
  0x7ff0000000000000n,
  0xfff0000000000000n,
  0x7ff8000000000000n,
  0x7ff0000000000001n,
  0xfff4000000000000n,
  1n,
  0x000fffffffffffffn,
  0x0010000000000000n,
  0x0010000000000001n,
  0x7fefffffffffffffn,
  0x3ff0000000000000n,
  0xbff0000000000000n,
  0x3fe0000000000000n,
  0x3ff8000000000000n,
  0x43e0000000000000n,
  0xc3e0000000000000n,
  0x41dfffffffc00000n,
  0x41e0000000000000n,
  0xc1e0000000200000n,
  0x43f0000000000000n,
  0x3ca0000000000000n,
];
const SPECIAL_SINGLES = [
  0n,
  0x80000000n,
  0x7f800000n,
  0xff800000n,
  0x7fc00000n,
  0x7f800001n,
  1n,
  0x007fffffn,
  0x00800000n,
  0x7f7fffffn,
  0x3f800000n,
  0xbf800000n,
  0x3f000000n,
  0x4f000000n,
  0xcf000000n,
  0x5f000000n,
  0x33800000n,
];
const BOX = 0xffffffff00000000n;

function bits64(random: Random): bigint {
  return (
    (BigInt(random(2 ** 31)) << 33n) ^ (BigInt(random(2 ** 31)) << 16n) ^ BigInt(random(2 ** 31))
  );
}

/** Bits of a floating-point register: special numbers, close ones, singles, noise. */
function floatBits(random: Random): bigint {
  const noise = bits64(random);
  switch (random(6)) {
    case 0:
      return SPECIAL_DOUBLES[random(SPECIAL_DOUBLES.length)]!;
    case 1:
      return BOX | SPECIAL_SINGLES[random(SPECIAL_SINGLES.length)]!;
    case 2: {
      // Exponents near each other, so that sums and products overlap in all ways.
      const exponent = BigInt(1023 - 4 + random(9));
      return (noise & ~(0x7ffn << 52n)) | (exponent << 52n);
    }
    case 3: {
      const exponent = BigInt(127 - 4 + random(9));
      return BOX | (noise & 0x807fffffn) | (exponent << 23n);
    }
    case 4:
      return BOX | (noise & 0xffffffffn);
    default:
      return noise;
  }
}

function integerBits(random: Random): bigint {
  const noise = bits64(random);
  switch (random(5)) {
    case 0:
      return BigInt(random(16)) - 8n;
    case 1:
      return BigInt.asIntN(32, noise);
    case 2:
      return (1n << BigInt(random(64))) - BigInt(random(3));
    default:
      return noise;
  }
}

/** Writes instructions one after the other. */
class Code {
  readonly bytes: number[] = [];

  get length(): number {
    return this.bytes.length;
  }

  word(value: number): void {
    this.half(value);
    this.half(value >>> 16);
  }

  half(value: number): void {
    this.bytes.push(value & 255, (value >> 8) & 255);
  }

  i(opcode: number, funct3: number, rd: number, rs1: number, immediate: number): void {
    this.word(opcode | (rd << 7) | (funct3 << 12) | (rs1 << 15) | (immediate << 20));
  }

  s(opcode: number, funct3: number, rs1: number, rs2: number, offset: number): void {
    const low = (offset & 31) << 7;
    this.word(opcode | low | (funct3 << 12) | (rs1 << 15) | (rs2 << 20) | ((offset >> 5) << 25));
  }

  /** lui and addi: an address below 2 GiB. */
  address(rd: number, value: number): void {
    const low = (value << 20) >> 20;
    this.word(0x37 | (rd << 7) | ((value - low) & ~0xfff));
    this.i(0x13, 0, rd, rd, low);
  }
}

const FCSR = 3;
/** csrw, csrr fcsr with t6. */
const T6 = 31;

export interface RandomProgram {
  readonly elf: Uint8Array;
  /** Where the code of each sequence begins and ends; addresses. */
  readonly sequences: readonly (readonly [start: number, end: number])[];
  /** What standard output gets: bytes of each sequence, and of the data after them. */
  readonly dumpLength: number;
}

/** Bytes that a sequence puts down: x1 to x31, f0 to f31, fcsr. */
export function dumpLength(xlen: Xlen): number {
  return 31 * (xlen / 8) + 32 * 8 + 8 + (xlen === 32 ? 4 : 0);
}

/** Makes a program of `count` sequences of `length` random instructions. */
export function randomProgram(
  xlen: Xlen,
  seed: number,
  count: number,
  length: number,
): RandomProgram {
  const random = randomNumbers(seed);
  const generator = new Generator(xlen, random);
  const code = new Code();
  const width = xlen / 8;
  const each = dumpLength(xlen);
  const dump = START + HEADER + DATA;
  const initial = dump + count * each;
  const text = Math.ceil((initial + count * each) / 4096) * 4096;
  const image = new Uint8Array(text - START);
  const view = new DataView(image.buffer);
  for (let at = 0; at < DATA; at += 8) view.setBigUint64(HEADER + at, floatBits(random), true);
  const sequences: (readonly [number, number])[] = [];
  const load = xlen === 64 ? 3 : 2;
  for (let sequence = 0; sequence < count; sequence += 1) {
    const block = initial + sequence * each;
    for (let register = 1; register < 32; register += 1) {
      const at = block - START + (register - 1) * width;
      if (xlen === 64) view.setBigInt64(at, BigInt.asIntN(64, integerBits(random)), true);
      else view.setInt32(at, Number(BigInt.asIntN(32, integerBits(random))), true);
    }
    const floats = block + 31 * width + (xlen === 32 ? 4 : 0);
    for (let register = 0; register < 32; register += 1) {
      view.setBigUint64(floats - START + register * 8, BigInt.asUintN(64, floatBits(random)), true);
    }
    code.address(T6, floats);
    for (let register = 0; register < 32; register += 1) {
      code.i(0x07, 3, register, T6, register * 8);
    }
    code.i(0x13, 0, 1, 0, (random(5) << 5) | random(32));
    code.i(0x73, 1, 0, 1, FCSR);
    code.address(T6, block);
    for (let register = 1; register < 31; register += 1) {
      if (!KEPT.includes(register)) code.i(0x03, load, register, T6, (register - 1) * width);
    }
    code.address(SP, START + HEADER);
    code.address(POINTER, START + HEADER + DATA / 2);
    code.address(ALIGNED, START + HEADER + DATA / 2 + 8 + 8 * random(15));
    const start = text + code.length;
    for (let at = 0; at < length; at += 1) generator.emit(code);
    // The targets of the last branches.
    for (let at = 0; at < 8; at += 1) code.half(1);
    sequences.push([start, text + code.length]);
    const out = dump + sequence * each;
    // t5 is stored first, because the others are stored relative to it.
    code.address(ALIGNED, out);
    code.s(0x23, load, ALIGNED, 30, 29 * width);
    code.i(0x13, 0, 30, ALIGNED, 0);
    for (let register = 1; register < 32; register += 1) {
      if (register !== 30) code.s(0x23, load, 30, register, (register - 1) * width);
    }
    const outFloats = 31 * width + (xlen === 32 ? 4 : 0);
    for (let register = 0; register < 32; register += 1) {
      code.s(0x27, 3, 30, register, outFloats + register * 8);
    }
    code.i(0x73, 2, T6, 0, FCSR);
    code.s(0x23, 2, 30, T6, outFloats + 256);
  }
  const total = count * each + DATA;
  // write(1, data and dumps), exit(0)
  code.i(0x13, 0, 10, 0, 1);
  code.address(11, START + HEADER);
  code.address(12, total);
  code.i(0x13, 0, 17, 0, 64);
  code.word(0x73);
  code.i(0x13, 0, 10, 0, 0);
  code.i(0x13, 0, 17, 0, 93);
  code.word(0x73);
  const body = new Uint8Array(image.length + code.length);
  body.set(image);
  body.set(code.bytes, image.length);
  writeElf(body, xlen, text);
  return { elf: body, sequences, dumpLength: total };
}

/** Headers of a program that is one segment, at the start of its first page. */
function writeElf(body: Uint8Array, xlen: Xlen, entry: number): void {
  const view = new DataView(body.buffer);
  const is64 = xlen === 64;
  body.set([0x7f, 0x45, 0x4c, 0x46, is64 ? 2 : 1, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint16(18, 243, true);
  view.setUint32(20, 1, true);
  view.setUint32(24, entry, true);
  // Flags: RVC, double-float ABI.
  const size = is64 ? 64 : 52;
  view.setUint32(is64 ? 32 : 28, size, true);
  view.setUint32(is64 ? 48 : 36, 5, true);
  view.setUint16(is64 ? 52 : 40, size, true);
  view.setUint16(is64 ? 54 : 42, is64 ? 56 : 32, true);
  view.setUint16(is64 ? 56 : 44, 1, true);
  // PT_LOAD, readable, writable and executable.
  const fields = is64
    ? ([
        [0, 1],
        [4, 7],
        [16, START],
        [24, START],
        [32, body.length],
        [40, body.length],
        [48, 4096],
      ] as const)
    : ([
        [0, 1],
        [8, START],
        [12, START],
        [16, body.length],
        [20, body.length],
        [24, 7],
        [28, 4096],
      ] as const);
  for (const [at, value] of fields) view.setUint32(size + at, value, true);
}

/** Instructions that a sequence may have, with operands that keep it within its bounds. */
class Generator {
  private readonly random: Random;
  private readonly rows: readonly Instruction[];
  private readonly compressed: readonly Compressed[];
  private readonly decoder: Decoder;

  constructor(xlen: Xlen, random: Random) {
    this.random = random;
    this.decoder = new Decoder(xlen);
    this.rows = INSTRUCTIONS.filter(({ name, rv32, rv64 }) => {
      if ((xlen === 32 ? rv32 : rv64) === undefined) return false;
      // QEMU before 8.0 looks at all 64 bits for ctzw.
      return !['ecall', 'ebreak', 'jalr', 'fence', 'ctzw'].includes(name);
    });
    this.compressed = COMPRESSED.filter(
      ({ name, only }) => (only ?? xlen) === xlen && !['c.jr', 'c.jalr', 'c.ebreak'].includes(name),
    );
  }

  emit(code: Code): void {
    if (this.random(4) === 0) this.emitCompressed(code);
    else this.emitWord(code, this.rows[this.random(this.rows.length)]!);
  }

  /** A register that may be written. */
  private target(): number {
    for (;;) {
      const register = this.random(31);
      if (!KEPT.includes(register)) return register;
    }
  }

  private emitWord(code: Code, row: Instruction): void {
    const { random } = this;
    const { form, name, registers = 'xxx', pattern } = row;
    const [mask, match] = maskAndMatch(pattern);
    let word = ((random(2 ** 31) * 2 + random(2)) & ~mask) | match;
    const put = (at: number, width: number, value: number): void => {
      const field = (((1 << width) - 1) << at) & ~mask;
      word = (word & ~field) | ((value << at) & field);
    };
    if (form !== 'S' && form !== 'B')
      put(7, 5, registers.startsWith('f') ? random(32) : this.target());
    if (pattern.includes('mmm')) put(12, 3, [0, 1, 2, 3, 4, 7, 7, 7][random(8)]!);
    const isMemory = (match & 0x5f) === 0x03 || (match & 0x5f) === 0x07;
    const offset = random(DATA) - DATA / 2;
    if (form === 'CSR') {
      put(20, 12, 1);
      if (name.endsWith('i')) {
        const number = 1 + random(3);
        put(20, 12, number);
        if (number !== 1 && name !== 'csrrwi') put(15, 5, 0);
        else if (number !== 1) put(15, 5, random(5));
      }
    } else if ((match & 0x7f) === 0x2f) {
      // LR and SC of one size have one address: QEMU is wrong about those of two sizes.
      put(15, 5, /^(?:lr|sc)[.]d/.test(name) ? POINTER : ALIGNED);
    } else if (isMemory && form === 'I') {
      put(15, 5, POINTER);
      put(20, 12, Math.min(offset, DATA / 2 - 8));
    } else if (form === 'S') {
      put(15, 5, POINTER);
      const at = Math.min(offset, DATA / 2 - 8);
      put(7, 5, at & 31);
      put(25, 7, at >> 5);
    } else if (form === 'B' || form === 'J') {
      this.emitJump(code, form, word);
      return;
    } else if (form === 'shift' && !this.decoder.decode(word)) {
      put(25, 1, 0);
    }
    code.word(word);
  }

  /** A jump over up to three halfwords, which are instructions of their own. */
  private emitJump(code: Code, form: 'B' | 'J', word: number): void {
    const over = this.random(4);
    const offset = 4 + over * 2;
    if (form === 'B') code.word((word & 0x01fff07f) | ((offset & 0x1e) << 7));
    else code.word((word & 0xfff) | (offset << 20));
    for (let at = 0; at < over; at += 1) code.half(this.compressedWord(['c.addi', 'c.li', 'c.mv']));
  }

  private emitCompressed(code: Code): void {
    code.half(this.compressedWord());
  }

  private compressedWord(names?: readonly string[]): number {
    const { random, decoder } = this;
    const rows = names
      ? this.compressed.filter(({ name }) => names.includes(name))
      : this.compressed;
    for (;;) {
      const { name, pattern, expand } = rows[random(rows.length)]!;
      const [mask, match] = maskAndMatch(pattern);
      const half = (random(65536) & ~mask & 0xffff) | match;
      const word = decoder.expand(half);
      if (word === undefined || expand(half) !== word || !decoder.decode(word)) continue;
      // Jumps only to the next instruction.
      if (name === 'c.j' || name === 'c.jal') return match | 0x8;
      if (name === 'c.beqz' || name === 'c.bnez') return (match | (half & 0x380) | 0x8) & 0xffff;
      const opcode = word & 0x7f;
      const isStore = opcode === 0x23 || opcode === 0x27;
      const rs1 = (word >> 15) & 31;
      const rd = (word >> 7) & 31;
      if (!isStore && opcode !== 0x07 && (KEPT.includes(rd) || rd === T6)) continue;
      if ((isStore || opcode === 0x03 || opcode === 0x07) && rs1 !== SP && rs1 !== POINTER)
        continue;
      return half;
    }
  }
}

import { LSL, withImmediate, withRegister, type Alu } from '../emit/data-processing.js';
import { extractField, insertField, packHalves, saturate } from '../emit/media.js';
import { ASR } from '../emit/data-processing.js';
import type { Emitter } from '../emitter.js';
import { bit, bits, type Encoding } from '../encoding.js';
import * as op from '../operations.js';

type Decode = (emitter: Emitter, word: number) => void;

function registers(word: number): { n: number; d: number; m: number } {
  return { n: bits(word, 16, 4), d: bits(word, 8, 4), m: word & 15 };
}

/** Returns the immediate i:imm3:imm8. */
function immediate12(word: number): number {
  return (bits(word, 26, 1) << 11) | (bits(word, 12, 3) << 8) | (word & 0xff);
}

/** ThumbExpandImm_C(): there is no carry if the immediate leaves it unchanged. */
function expandImmediate(field: number): { value: number; carry?: boolean } {
  const byte = field & 0xff;
  switch (field >>> 8) {
    case 0:
      return { value: byte };
    case 1:
      return { value: byte * 0x00010001 };
    case 2:
      return { value: (byte * 0x01000100) | 0 };
    case 3:
      return { value: (byte * 0x01010101) | 0 };
    default: {
      const rotation = field >>> 7;
      const unrotated = 0x80 | (field & 0x7f);
      const value = (unrotated >>> rotation) | (unrotated << (32 - rotation));
      return { value, carry: value < 0 };
    }
  }
}

/** Whether a register is sp or pc, which most instructions do not allow. */
function isBad(register: number): boolean {
  return register === 13 || register === 15;
}

function isWrong({ alu, n, d }: { alu: Alu; n: number; d: number }): boolean {
  const noN = alu === 'MOV' || alu === 'MVN';
  const noD = alu === 'TST' || alu === 'TEQ' || alu === 'CMP' || alu === 'CMN';
  const sums = alu === 'ADD' || alu === 'SUB' || alu === 'CMP' || alu === 'CMN';
  if (!noN && (n === 15 || (n === 13 && !sums))) return true;
  return !noD && (d === 15 || (d === 13 && !(sums && n === 13) && alu !== 'MOV'));
}

function modified(alu: Alu): Decode {
  return (emitter, word) => {
    const operation = { alu, flags: bit(word, 20), n: bits(word, 16, 4), d: bits(word, 8, 4) };
    const { value, carry } = expandImmediate(immediate12(word));
    if (isWrong(operation)) emitter.unpredictable(word);
    else withImmediate(emitter, operation, value, carry);
  };
}

function shifted(alu: Alu): Decode {
  return (emitter, word) => {
    const operation = { alu, flags: bit(word, 20), n: bits(word, 16, 4), d: bits(word, 8, 4) };
    const amount = (bits(word, 12, 3) << 2) | bits(word, 6, 2);
    const type = bits(word, 4, 2);
    const m = word & 15;
    const isMove = alu === 'MOV' && type === LSL && amount === 0;
    const wrongM = m === 15 || (m === 13 && !(isMove && !operation.flags));
    if (wrongM || isWrong(operation)) emitter.unpredictable(word);
    else withRegister(emitter, operation, m, { type, amount });
  };
}

/** The operations by bits 24 to 21. Some have another name where Rd or Rn is 1111. */
const ALUS: readonly { readonly code: string; readonly alu: Alu }[] = [
  { code: '0000', alu: 'AND' },
  { code: '0001', alu: 'BIC' },
  { code: '0010', alu: 'ORR' },
  { code: '0011', alu: 'ORN' },
  { code: '0100', alu: 'EOR' },
  { code: '1000', alu: 'ADD' },
  { code: '1010', alu: 'ADC' },
  { code: '1011', alu: 'SBC' },
  { code: '1101', alu: 'SUB' },
  { code: '1110', alu: 'RSB' },
];

/** The operations that have no D if S is set and Rd is 1111. */
const TESTS: readonly { readonly code: string; readonly alu: Alu }[] = [
  { code: '0000', alu: 'TST' },
  { code: '0100', alu: 'TEQ' },
  { code: '1000', alu: 'CMN' },
  { code: '1101', alu: 'CMP' },
];

/** The operations that have no N if Rn is 1111. */
const MOVES: readonly { readonly code: string; readonly alu: Alu }[] = [
  { code: '0010', alu: 'MOV' },
  { code: '0011', alu: 'MVN' },
];

const MODIFIED_IMMEDIATE: readonly Encoding[] = [
  ...TESTS.map(({ code, alu }) => ({
    name: `${alu} (immediate)`,
    pattern: `11110i 0${code}1 nnnn 0 iii 1111 iiiiiiii`,
    decode: modified(alu),
  })),
  ...MOVES.map(({ code, alu }) => ({
    name: `${alu} (immediate)`,
    pattern: `11110i 0${code}s 1111 0 iii dddd iiiiiiii`,
    decode: modified(alu),
  })),
  ...ALUS.map(({ code, alu }) => ({
    name: `${alu} (immediate)`,
    pattern: `11110i 0${code}s nnnn 0 iii dddd iiiiiiii`,
    decode: modified(alu),
  })),
];

const SHIFTED_REGISTER: readonly Encoding[] = [
  {
    name: 'PKHBT, PKHTB',
    pattern: '1110101 01100 nnnn 0 iii dddd ii t0 mmmm',
    decode: (emitter, word) => {
      const amount = (bits(word, 12, 3) << 2) | bits(word, 6, 2);
      packHalves(emitter, word, bit(word, 5), { ...registers(word), amount });
    },
  },
  ...TESTS.map(({ code, alu }) => ({
    name: `${alu} (register)`,
    pattern: `1110101 ${code}1 nnnn 0 iii 1111 ii tt mmmm`,
    decode: shifted(alu),
  })),
  ...MOVES.map(({ code, alu }) => ({
    name: `${alu} (register)`,
    pattern: `1110101 ${code}s 1111 0 iii dddd ii tt mmmm`,
    decode: shifted(alu),
  })),
  ...ALUS.map(({ code, alu }) => ({
    name: `${alu} (register)`,
    pattern: `1110101 ${code}s nnnn 0 iii dddd ii tt mmmm`,
    decode: shifted(alu),
  })),
];

/** Decodes ADDW and SUBW, which are ADR if N is the pc. */
function plain(sign: number): Decode {
  return (emitter, word) => {
    const { n, d } = registers(word);
    const offset = sign * immediate12(word);
    if (d === 15 || (d === 13 && n !== 13)) emitter.unpredictable(word);
    else if (n === 15) emitter.constant(d, (emitter.pcValue & ~3) + offset);
    else emitter.emit(op.ADD_I, d, n, 0, offset);
  };
}

function immediate16(word: number): number {
  return (bits(word, 16, 4) << 12) | immediate12(word);
}

function lowBit(word: number): number {
  return (bits(word, 12, 3) << 2) | bits(word, 6, 2);
}

function saturated(isUnsigned: boolean): Decode {
  return (emitter, word) => {
    const { n, d } = registers(word);
    const width = (word & 31) + (isUnsigned ? 0 : 1);
    const shift = { type: bit(word, 21) ? ASR : LSL, amount: lowBit(word) };
    // The encoding of ASR by 0 belongs to SSAT16.
    if (shift.type === ASR && shift.amount === 0) emitter.illegal(word);
    else saturate(emitter, word, isUnsigned, { d, n, width }, shift);
  };
}

function saturated16(number: number, more: number): Decode {
  return (emitter, word) => {
    const { n, d } = registers(word);
    if (d === 15 || n === 15) emitter.unpredictable(word);
    else emitter.emit(number, d, 0, n, (word & 15) + more);
  };
}

function extracted(isUnsigned: boolean): Decode {
  return (emitter, word) => {
    const { n, d } = registers(word);
    extractField(emitter, word, isUnsigned, { d, n, low: lowBit(word), width: (word & 31) + 1 });
  };
}

const PLAIN_IMMEDIATE: readonly Encoding[] = [
  { name: 'ADDW, ADR', pattern: '11110i 100000 nnnn 0 iii dddd iiiiiiii', decode: plain(1) },
  {
    name: 'MOVW',
    pattern: '11110i 100100 iiii 0 iii dddd iiiiiiii',
    decode: (emitter, word) => {
      const { d } = registers(word);
      if (isBad(d)) emitter.unpredictable(word);
      else emitter.emit(op.MOV_I, d, 0, 0, immediate16(word));
    },
  },
  { name: 'SUBW, ADR', pattern: '11110i 101010 nnnn 0 iii dddd iiiiiiii', decode: plain(-1) },
  {
    name: 'MOVT',
    pattern: '11110i 101100 iiii 0 iii dddd iiiiiiii',
    decode: (emitter, word) => {
      const { d } = registers(word);
      if (isBad(d)) emitter.unpredictable(word);
      else emitter.emit(op.MOVT, d, 0, 0, immediate16(word) << 16);
    },
  },
  {
    name: 'SSAT16',
    pattern: '111100 110010 nnnn 0 000 dddd 0000 iiii',
    decode: saturated16(op.SSAT16, 1),
  },
  { name: 'SSAT', pattern: '111100 1100t0 nnnn 0 iii dddd ii 0 iiiii', decode: saturated(false) },
  { name: 'SBFX', pattern: '111100 110100 nnnn 0 iii dddd ii 0 wwwww', decode: extracted(false) },
  {
    name: 'BFI, BFC',
    pattern: '111100 110110 nnnn 0 iii dddd ii 0 hhhhh',
    decode: (emitter, word) => {
      const { n, d } = registers(word);
      insertField(emitter, word, { d, n, low: lowBit(word), high: word & 31 });
    },
  },
  {
    name: 'USAT16',
    pattern: '111100 111010 nnnn 0 000 dddd 0000 iiii',
    decode: saturated16(op.USAT16, 0),
  },
  { name: 'USAT', pattern: '111100 1110t0 nnnn 0 iii dddd ii 0 iiiii', decode: saturated(true) },
  { name: 'UBFX', pattern: '111100 111100 nnnn 0 iii dddd ii 0 wwwww', decode: extracted(true) },
];

export const DATA_PROCESSING_32: readonly Encoding[] = [
  ...MODIFIED_IMMEDIATE,
  ...PLAIN_IMMEDIATE,
  ...SHIFTED_REGISTER,
];

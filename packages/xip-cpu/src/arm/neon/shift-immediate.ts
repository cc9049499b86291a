import type { Emitter } from '../emitter.js';
import { bit, bits, type Encoding } from '../encoding.js';
import * as op from '../operations.js';
import { QUAD, UNSIGNED, emitVectors, isOdd, isQuad, vectorD, vectorM } from './registers.js';

type Decode = (emitter: Emitter, word: number) => void;

/** Splits L:imm6: the highest set bit gives the size. */
function sizeAndRest(word: number): { size: number; rest: number } {
  const field = (bits(word, 7, 1) << 6) | bits(word, 16, 6);
  const size = field >= 64 ? 3 : field >= 32 ? 2 : field >= 16 ? 1 : 0;
  return { size, rest: field - (8 << size) };
}

function same(number: number, isLeft: boolean, isSigned = false): Decode {
  return (emitter, word) => {
    const d = vectorD(word);
    const m = vectorM(word);
    const wide = isQuad(word);
    if (isOdd(wide, d, m)) {
      emitter.illegal(word);
      return;
    }
    const { size, rest } = sizeAndRest(word);
    const aux = size | (bit(word, 24) && !isSigned ? UNSIGNED : 0) | (wide ? QUAD : 0);
    emitVectors(emitter, number, { d, m, imm: isLeft ? rest : (8 << size) - rest, aux });
  };
}

/** Decodes a shift to elements of half the size: the source is a quadword. */
function narrow(number: number, isUnsigned: (word: number) => boolean): Decode {
  return (emitter, word) => {
    const m = vectorM(word);
    const { size, rest } = sizeAndRest(word);
    if (isOdd(true, m)) emitter.illegal(word);
    else {
      const aux = size | (isUnsigned(word) ? UNSIGNED : 0);
      emitVectors(emitter, number, { d: vectorD(word), m, n: m, imm: (8 << size) - rest, aux });
    }
  };
}

function lengthen(emitter: Emitter, word: number): void {
  const d = vectorD(word);
  const { size, rest } = sizeAndRest(word);
  const m = vectorM(word);
  const aux = size | (bit(word, 24) ? UNSIGNED : 0);
  if (isOdd(true, d)) emitter.illegal(word);
  else emitVectors(emitter, op.VSHLL, { d, m, n: m, imm: rest, aux });
}

function fixed(number: number): Decode {
  return (emitter, word) => {
    const d = vectorD(word);
    const m = vectorM(word);
    const wide = isQuad(word);
    if (isOdd(wide, d, m) || !bit(word, 21)) {
      emitter.illegal(word);
      return;
    }
    const aux = (bit(word, 24) ? UNSIGNED : 0) | (wide ? QUAD : 0);
    emitVectors(emitter, number, { d, m, imm: 64 - bits(word, 16, 6), aux });
  };
}

/** AdvSIMDExpandImm(): the constant of a doubleword, in two halves. */
function expand(cmode: number, inverted: boolean, byte: number): readonly [number, number] {
  const twice = (x: number): readonly [number, number] => [x | 0, x | 0];
  if (cmode < 8) return twice(byte << ((cmode >> 1) * 8));
  if (cmode < 12) return twice((byte << ((cmode & 2) * 4)) * 0x00010001);
  if (cmode === 12) return twice((byte << 8) | 0xff);
  if (cmode === 13) return twice((byte << 16) | 0xffff);
  if (cmode === 15) {
    const exponent = byte & 0x40 ? 0x3e000000 : 0x40000000;
    return twice((byte & 0x80 ? 0x80000000 : 0) | exponent | ((byte & 0x3f) << 19));
  }
  if (!inverted) return twice(Math.imul(byte, 0x01010101));
  const half = (from: number): number => {
    let word = 0;
    for (let i = 0; i < 4; i++) if ((byte >> (from + i)) & 1) word |= 0xff << (i * 8);
    return word;
  };
  return [half(0), half(4)];
}

/** VMOV, VMVN, VORR and VBIC of a constant. */
function modifiedImmediate(emitter: Emitter, word: number): void {
  const d = vectorD(word);
  const wide = isQuad(word);
  const cmode = bits(word, 8, 4);
  const inverted = bit(word, 5);
  if (isOdd(wide, d) || (cmode === 15 && inverted)) {
    emitter.illegal(word);
    return;
  }
  const byte = (bits(word, 24, 1) << 7) | (bits(word, 16, 3) << 4) | (word & 15);
  const [low, high] = expand(cmode, inverted, byte);
  const combines = cmode < 12 && (cmode & 1) !== 0;
  const number = combines ? (inverted ? op.VBIC_N : op.VORR_N) : op.VIMM_V;
  const flip = !combines && inverted && cmode !== 14 ? -1 : 0;
  const aux = wide ? QUAD : 0;
  emitVectors(emitter, number, { d, imm: low ^ flip, aux, second: high ^ flip });
}

const byBit24 = (word: number): boolean => bit(word, 24);
const never = (): boolean => false;

export const SHIFT_IMMEDIATE: readonly Encoding[] = [
  {
    name: 'VMOV, VMVN, VORR, VBIC (immediate)',
    pattern: '1111001i 1D00 0iii dddd cccc 0Qo1 iiii',
    decode: modifiedImmediate,
  },
  {
    name: 'VSHR',
    pattern: '1111001u 1Dii iiii dddd 0000 LQM1 mmmm',
    decode: same(op.VSHR_N, false),
  },
  {
    name: 'VSRA',
    pattern: '1111001u 1Dii iiii dddd 0001 LQM1 mmmm',
    decode: same(op.VSRA_N, false),
  },
  {
    name: 'VRSHR',
    pattern: '1111001u 1Dii iiii dddd 0010 LQM1 mmmm',
    decode: same(op.VRSHR_N, false),
  },
  {
    name: 'VRSRA',
    pattern: '1111001u 1Dii iiii dddd 0011 LQM1 mmmm',
    decode: same(op.VRSRA_N, false),
  },
  {
    name: 'VSRI',
    pattern: '11110011 1Dii iiii dddd 0100 LQM1 mmmm',
    decode: same(op.VSRI_N, false),
  },
  {
    name: 'VSHL (immediate)',
    pattern: '11110010 1Dii iiii dddd 0101 LQM1 mmmm',
    decode: same(op.VSHL_N, true),
  },
  {
    name: 'VSLI',
    pattern: '11110011 1Dii iiii dddd 0101 LQM1 mmmm',
    decode: same(op.VSLI_N, true),
  },
  {
    name: 'VQSHLU',
    pattern: '11110011 1Dii iiii dddd 0110 LQM1 mmmm',
    decode: same(op.VQSHLU_N, true, true),
  },
  {
    name: 'VQSHL (immediate)',
    pattern: '1111001u 1Dii iiii dddd 0111 LQM1 mmmm',
    decode: same(op.VQSHL_N, true),
  },
  {
    name: 'VSHRN',
    pattern: '11110010 1Dii iiii dddd 1000 00M1 mmmm',
    decode: narrow(op.VSHRN, never),
  },
  {
    name: 'VRSHRN',
    pattern: '11110010 1Dii iiii dddd 1000 01M1 mmmm',
    decode: narrow(op.VRSHRN, never),
  },
  {
    name: 'VQSHRUN',
    pattern: '11110011 1Dii iiii dddd 1000 00M1 mmmm',
    decode: narrow(op.VQSHRUN, never),
  },
  {
    name: 'VQRSHRUN',
    pattern: '11110011 1Dii iiii dddd 1000 01M1 mmmm',
    decode: narrow(op.VQRSHRUN, never),
  },
  {
    name: 'VQSHRN',
    pattern: '1111001u 1Dii iiii dddd 1001 00M1 mmmm',
    decode: narrow(op.VQSHRN, byBit24),
  },
  {
    name: 'VQRSHRN',
    pattern: '1111001u 1Dii iiii dddd 1001 01M1 mmmm',
    decode: narrow(op.VQRSHRN, byBit24),
  },
  { name: 'VSHLL, VMOVL', pattern: '1111001u 1Dii iiii dddd 1010 00M1 mmmm', decode: lengthen },
  {
    name: 'VCVT (from fixed, vector)',
    pattern: '1111001u 1Dii iiii dddd 1110 0QM1 mmmm',
    decode: fixed(op.VCVT_V_INT),
  },
  {
    name: 'VCVT (to fixed, vector)',
    pattern: '1111001u 1Dii iiii dddd 1111 0QM1 mmmm',
    decode: fixed(op.VCVT_INT_V),
  },
];

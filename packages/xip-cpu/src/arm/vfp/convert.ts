import type { Emitter } from '../emitter.js';
import { bit, bits, type Encoding } from '../encoding.js';
import * as op from '../operations.js';
import {
  doubleD,
  doubleM,
  floatD,
  floatM,
  floatN,
  isDouble,
  singleD,
  singleM,
} from './registers.js';
import { three } from './arithmetic.js';

type Decode = (emitter: Emitter, word: number) => void;

/** Rounding modes, numbered as in assembly/float/format.ts, and the mode of FPSCR. */
const TO_ZERO = 3;
const CURRENT = 5;
/** Rounding modes by bits 17 and 16: to nearest with ties away, to nearest, up, down. */
const DIRECTIONS = [4, 0, 1, 2];
/** Added to a rounding mode if the instruction raises "inexact". */
const EXACT = 8;

function toDoubleOrSingle(emitter: Emitter, word: number): void {
  if (isDouble(word)) {
    emitter.write(op.VCVT_F32_F64, singleD(word), 0, doubleM(word), 0, 0, 0, 0);
  } else {
    emitter.write(op.VCVT_F64_F32, doubleD(word), 0, singleM(word), 0, 0, 0, 0);
  }
}

function fromHalf(emitter: Emitter, word: number): void {
  const number = isDouble(word) ? op.VCVT_F64_F16 : op.VCVT_F32_F16;
  emitter.write(number, floatD(word), 0, singleM(word) + bits(word, 7, 1) * 2, 0, 0, 0, 0);
}

function toHalf(emitter: Emitter, word: number): void {
  const number = isDouble(word) ? op.VCVT_F16_F64 : op.VCVT_F16_F32;
  emitter.write(number, singleD(word) + bits(word, 7, 1) * 2, 0, floatM(word), 0, 0, 0, 0);
}

function fromInteger(emitter: Emitter, word: number): void {
  const number = isDouble(word) ? op.VCVT_F64_INT : op.VCVT_F32_INT;
  const isUnsigned = bit(word, 7) ? 0 : 1;
  emitter.write(number, floatD(word), 0, singleM(word), 0, isUnsigned, 0, 0);
}

function toInteger(direction: (word: number) => number, signBit: number): Decode {
  return (emitter, word) => {
    const number = isDouble(word) ? op.VCVT_INT_F64 : op.VCVT_INT_F32;
    const isUnsigned = bit(word, signBit) ? 0 : 1;
    emitter.write(number, singleD(word), 0, floatM(word), direction(word), isUnsigned, 0, 0);
  };
}

function fixed(toFixed: boolean): Decode {
  return (emitter, word) => {
    const size = bit(word, 7) ? 32 : 16;
    const fraction = size - (((word & 15) << 1) | bits(word, 5, 1));
    if (fraction < 0) {
      emitter.unpredictable(word);
      return;
    }
    const number = (toFixed ? op.VCVT_FIXED_F32 : op.VCVT_F32_FIXED) + (isDouble(word) ? 1 : 0);
    const aux = bits(word, 16, 1) | (size === 16 ? 2 : 0);
    emitter.write(number, floatD(word), 0, 0, fraction, aux, 0, 0);
  };
}

function round(direction: (word: number) => number): Decode {
  return (emitter, word) => {
    const number = isDouble(word) ? op.VRINT_F64 : op.VRINT_F32;
    emitter.write(number, floatD(word), 0, floatM(word), direction(word), 0, 0, 0);
  };
}

export const CONVERT: readonly Encoding[] = [
  {
    name: 'VCVTB, VCVTT (from half)',
    pattern: 'cccc 11101D11 0010 dddd 101s t1M0 mmmm',
    decode: fromHalf,
  },
  {
    name: 'VCVTB, VCVTT (to half)',
    pattern: 'cccc 11101D11 0011 dddd 101s t1M0 mmmm',
    decode: toHalf,
  },
  {
    name: 'VRINTR',
    pattern: 'cccc 11101D11 0110 dddd 101s 01M0 mmmm',
    decode: round(() => CURRENT),
  },
  {
    name: 'VRINTZ',
    pattern: 'cccc 11101D11 0110 dddd 101s 11M0 mmmm',
    decode: round(() => TO_ZERO),
  },
  {
    name: 'VRINTX',
    pattern: 'cccc 11101D11 0111 dddd 101s 01M0 mmmm',
    decode: round(() => CURRENT + EXACT),
  },
  {
    name: 'VCVT (double and single)',
    pattern: 'cccc 11101D11 0111 dddd 101s 11M0 mmmm',
    decode: toDoubleOrSingle,
  },
  {
    name: 'VCVT (from integer)',
    pattern: 'cccc 11101D11 1000 dddd 101s o1M0 mmmm',
    decode: fromInteger,
  },
  {
    name: 'VCVT (from fixed)',
    pattern: 'cccc 11101D11 101u dddd 101s x1i0 iiii',
    decode: fixed(false),
  },
  {
    name: 'VCVT, VCVTR (to integer)',
    pattern: 'cccc 11101D11 110o dddd 101s z1M0 mmmm',
    decode: toInteger((word) => (bit(word, 7) ? TO_ZERO : CURRENT), 16),
  },
  {
    name: 'VCVT (to fixed)',
    pattern: 'cccc 11101D11 111u dddd 101s x1i0 iiii',
    decode: fixed(true),
  },
];

/** Decodes VSEL: D is N if the condition holds, else M. */
function select(emitter: Emitter, word: number): void {
  // The conditions are EQ, VS, GE and GT. The opposite of each has the next number.
  const condition = [0, 6, 10, 12][bits(word, 20, 2)]!;
  const move = isDouble(word) ? op.VMOV_64 : op.VMOV_32;
  const d = floatD(word);
  emitter.emit(op.SKIP_EQ + condition, 0, 0, 0, 0, 1);
  emitter.write(move, d, 0, floatN(word), 0, 0, 0, 0);
  emitter.emit(op.SKIP_EQ + condition + 1, 0, 0, 0, 0, 1);
  emitter.write(move, d, 0, floatM(word), 0, 0, 0, 0);
}

/** Instructions that ARMv8 added. They have no condition. */
export const VFP_UNCONDITIONAL: readonly Encoding[] = [
  { name: 'VSEL', pattern: '1111 11100Dcc nnnn dddd 101s N0M0 mmmm', decode: select },
  {
    name: 'VMAXNM',
    pattern: '1111 11101D00 nnnn dddd 101s N0M0 mmmm',
    decode: three(op.VMAXNM_F32),
  },
  {
    name: 'VMINNM',
    pattern: '1111 11101D00 nnnn dddd 101s N1M0 mmmm',
    decode: three(op.VMINNM_F32),
  },
  {
    name: 'VRINTA, VRINTN, VRINTP, VRINTM',
    pattern: '1111 11101D11 10rr dddd 101s 01M0 mmmm',
    decode: round((word) => DIRECTIONS[bits(word, 16, 2)]!),
  },
  {
    name: 'VCVTA, VCVTN, VCVTP, VCVTM',
    pattern: '1111 11101D11 11rr dddd 101s o1M0 mmmm',
    decode: toInteger((word) => DIRECTIONS[bits(word, 16, 2)]!, 7),
  },
];

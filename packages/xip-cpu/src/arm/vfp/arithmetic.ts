import type { Emitter } from '../emitter.js';
import { bits, type Encoding } from '../encoding.js';
import * as op from '../operations.js';
import { floatD, floatM, floatN, isDouble } from './registers.js';

type Decode = (emitter: Emitter, word: number) => void;

/** Decodes D = f(D, N, M). The operation on doubles is the one after that on singles. */
export function three(number: number): Decode {
  return (emitter, word) => {
    const which = number + (isDouble(word) ? 1 : 0);
    emitter.write(which, floatD(word), floatN(word), floatM(word), 0, 0, 0, 0);
  };
}

/** Decodes D = f(M). */
function two(number: number): Decode {
  return (emitter, word) => {
    emitter.write(number + (isDouble(word) ? 1 : 0), floatD(word), 0, floatM(word), 0, 0, 0, 0);
  };
}

/** Decodes a comparison. With bit 7 a quiet NaN is an invalid operation too. */
function compare(number: number): Decode {
  return (emitter, word) => {
    const which = number + (isDouble(word) ? 1 : 0);
    emitter.write(which, floatD(word), 0, floatM(word), 0, bits(word, 7, 1), 0, 0);
  };
}

/** Decodes VMOV of a constant, as VFPExpandImm(): the upper word of a double, or a single. */
function immediate(emitter: Emitter, word: number): void {
  const byte = (bits(word, 16, 4) << 4) | (word & 15);
  const sign = byte & 0x80 ? 0x80000000 : 0;
  const isLow = (byte & 0x40) !== 0;
  if (isDouble(word)) {
    const exponent = isLow ? 0x3fc00000 : 0x40000000;
    const high = sign | exponent | ((byte & 0x3f) << 16);
    emitter.write(op.VIMM_64, floatD(word), 0, 0, 0, 0, 0, high);
  } else {
    const exponent = isLow ? 0x3e000000 : 0x40000000;
    emitter.write(op.VIMM_32, floatD(word), 0, 0, sign | exponent | ((byte & 0x3f) << 19), 0, 0, 0);
  }
}

export const ARITHMETIC: readonly Encoding[] = [
  { name: 'VMLA', pattern: 'cccc 11100D00 nnnn dddd 101s N0M0 mmmm', decode: three(op.VMLA_F32) },
  { name: 'VMLS', pattern: 'cccc 11100D00 nnnn dddd 101s N1M0 mmmm', decode: three(op.VMLS_F32) },
  { name: 'VNMLS', pattern: 'cccc 11100D01 nnnn dddd 101s N0M0 mmmm', decode: three(op.VNMLS_F32) },
  { name: 'VNMLA', pattern: 'cccc 11100D01 nnnn dddd 101s N1M0 mmmm', decode: three(op.VNMLA_F32) },
  { name: 'VMUL', pattern: 'cccc 11100D10 nnnn dddd 101s N0M0 mmmm', decode: three(op.VMUL_F32) },
  { name: 'VNMUL', pattern: 'cccc 11100D10 nnnn dddd 101s N1M0 mmmm', decode: three(op.VNMUL_F32) },
  { name: 'VADD', pattern: 'cccc 11100D11 nnnn dddd 101s N0M0 mmmm', decode: three(op.VADD_F32) },
  { name: 'VSUB', pattern: 'cccc 11100D11 nnnn dddd 101s N1M0 mmmm', decode: three(op.VSUB_F32) },
  { name: 'VDIV', pattern: 'cccc 11101D00 nnnn dddd 101s N0M0 mmmm', decode: three(op.VDIV_F32) },
  { name: 'VFNMS', pattern: 'cccc 11101D01 nnnn dddd 101s N0M0 mmmm', decode: three(op.VFNMS_F32) },
  { name: 'VFNMA', pattern: 'cccc 11101D01 nnnn dddd 101s N1M0 mmmm', decode: three(op.VFNMA_F32) },
  { name: 'VFMA', pattern: 'cccc 11101D10 nnnn dddd 101s N0M0 mmmm', decode: three(op.VFMA_F32) },
  { name: 'VFMS', pattern: 'cccc 11101D10 nnnn dddd 101s N1M0 mmmm', decode: three(op.VFMS_F32) },
  {
    name: 'VMOV (immediate)',
    pattern: 'cccc 11101D11 iiii dddd 101s 0000 iiii',
    decode: immediate,
  },
  {
    name: 'VMOV (register)',
    pattern: 'cccc 11101D11 0000 dddd 101s 01M0 mmmm',
    decode: two(op.VMOV_32),
  },
  { name: 'VABS', pattern: 'cccc 11101D11 0000 dddd 101s 11M0 mmmm', decode: two(op.VABS_32) },
  { name: 'VNEG', pattern: 'cccc 11101D11 0001 dddd 101s 01M0 mmmm', decode: two(op.VNEG_32) },
  { name: 'VSQRT', pattern: 'cccc 11101D11 0001 dddd 101s 11M0 mmmm', decode: two(op.VSQRT_F32) },
  {
    name: 'VCMP, VCMPE',
    pattern: 'cccc 11101D11 0100 dddd 101s e1M0 mmmm',
    decode: compare(op.VCMP_F32),
  },
  {
    name: 'VCMP, VCMPE (with zero)',
    pattern: 'cccc 11101D11 0101 dddd 101s e100 0000',
    decode: compare(op.VCMPZ_F32),
  },
];

import type { Emitter } from '../emitter.js';
import { bit, bits, type Encoding } from '../encoding.js';
import * as op from '../operations.js';
import {
  QUAD,
  UNSIGNED,
  emitVectors,
  isOdd,
  isQuad,
  vectorD,
  vectorM,
  vectorN,
} from './registers.js';

type Decode = (emitter: Emitter, word: number) => void;

/** The element sizes that exist, as a set of bits. */
const ALL = 0b1111;
const TO_32 = 0b0111;
const ONLY_8 = 0b0001;
const FROM_16_TO_32 = 0b0110;

function size(word: number): number {
  return bits(word, 20, 2);
}

/** D = f(N, M) with the sign in bit 24. */
function three(number: number, sizes: number, pairs = false): Decode {
  return (emitter, word) => {
    const d = vectorD(word);
    const n = vectorN(word);
    const m = vectorM(word);
    const wide = isQuad(word);
    if (((sizes >> size(word)) & 1) === 0 || isOdd(wide, d, n, m) || (pairs && wide)) {
      emitter.illegal(word);
      return;
    }
    const aux = size(word) | (bit(word, 24) ? UNSIGNED : 0) | (wide ? QUAD : 0);
    emitVectors(emitter, number, { d, n, m, aux });
  };
}

/** Decodes a bitwise operation, which has no element size. */
function bitwise(number: number): Decode {
  return (emitter, word) => {
    const d = vectorD(word);
    const n = vectorN(word);
    const m = vectorM(word);
    if (isOdd(isQuad(word), d, n, m)) emitter.illegal(word);
    else emitVectors(emitter, number, { d, n, m, aux: isQuad(word) ? QUAD : 0 });
  };
}

/** Decodes an operation on singles: bit 20 is 0. */
function float(number: number, pairs = false): Decode {
  return (emitter, word) => {
    const d = vectorD(word);
    const n = vectorN(word);
    const m = vectorM(word);
    const wide = isQuad(word);
    if (isOdd(wide, d, n, m) || (pairs && wide)) emitter.illegal(word);
    else emitVectors(emitter, number, { d, n, m, aux: wide ? QUAD : 0 });
  };
}

export const SAME_LENGTH: readonly Encoding[] = [
  {
    name: 'VHADD',
    pattern: '1111001u 0Dss nnnn dddd 0000 NQM0 mmmm',
    decode: three(op.VHADD, TO_32),
  },
  {
    name: 'VQADD',
    pattern: '1111001u 0Dss nnnn dddd 0000 NQM1 mmmm',
    decode: three(op.VQADD, ALL),
  },
  {
    name: 'VRHADD',
    pattern: '1111001u 0Dss nnnn dddd 0001 NQM0 mmmm',
    decode: three(op.VRHADD, TO_32),
  },
  { name: 'VAND', pattern: '11110010 0D00 nnnn dddd 0001 NQM1 mmmm', decode: bitwise(op.VAND) },
  { name: 'VBIC', pattern: '11110010 0D01 nnnn dddd 0001 NQM1 mmmm', decode: bitwise(op.VBIC) },
  { name: 'VORR', pattern: '11110010 0D10 nnnn dddd 0001 NQM1 mmmm', decode: bitwise(op.VORR) },
  { name: 'VORN', pattern: '11110010 0D11 nnnn dddd 0001 NQM1 mmmm', decode: bitwise(op.VORN) },
  { name: 'VEOR', pattern: '11110011 0D00 nnnn dddd 0001 NQM1 mmmm', decode: bitwise(op.VEOR) },
  { name: 'VBSL', pattern: '11110011 0D01 nnnn dddd 0001 NQM1 mmmm', decode: bitwise(op.VBSL) },
  { name: 'VBIT', pattern: '11110011 0D10 nnnn dddd 0001 NQM1 mmmm', decode: bitwise(op.VBIT) },
  { name: 'VBIF', pattern: '11110011 0D11 nnnn dddd 0001 NQM1 mmmm', decode: bitwise(op.VBIF) },
  {
    name: 'VHSUB',
    pattern: '1111001u 0Dss nnnn dddd 0010 NQM0 mmmm',
    decode: three(op.VHSUB, TO_32),
  },
  {
    name: 'VQSUB',
    pattern: '1111001u 0Dss nnnn dddd 0010 NQM1 mmmm',
    decode: three(op.VQSUB, ALL),
  },
  {
    name: 'VCGT',
    pattern: '1111001u 0Dss nnnn dddd 0011 NQM0 mmmm',
    decode: three(op.VCGT, TO_32),
  },
  {
    name: 'VCGE',
    pattern: '1111001u 0Dss nnnn dddd 0011 NQM1 mmmm',
    decode: three(op.VCGE, TO_32),
  },
  {
    name: 'VSHL (register)',
    pattern: '1111001u 0Dss nnnn dddd 0100 NQM0 mmmm',
    decode: three(op.VSHL, ALL),
  },
  {
    name: 'VQSHL (register)',
    pattern: '1111001u 0Dss nnnn dddd 0100 NQM1 mmmm',
    decode: three(op.VQSHL, ALL),
  },
  {
    name: 'VRSHL',
    pattern: '1111001u 0Dss nnnn dddd 0101 NQM0 mmmm',
    decode: three(op.VRSHL, ALL),
  },
  {
    name: 'VQRSHL',
    pattern: '1111001u 0Dss nnnn dddd 0101 NQM1 mmmm',
    decode: three(op.VQRSHL, ALL),
  },
  {
    name: 'VMAX',
    pattern: '1111001u 0Dss nnnn dddd 0110 NQM0 mmmm',
    decode: three(op.VMAX, TO_32),
  },
  {
    name: 'VMIN',
    pattern: '1111001u 0Dss nnnn dddd 0110 NQM1 mmmm',
    decode: three(op.VMIN, TO_32),
  },
  {
    name: 'VABD',
    pattern: '1111001u 0Dss nnnn dddd 0111 NQM0 mmmm',
    decode: three(op.VABD, TO_32),
  },
  {
    name: 'VABA',
    pattern: '1111001u 0Dss nnnn dddd 0111 NQM1 mmmm',
    decode: three(op.VABA, TO_32),
  },
  {
    name: 'VADD (integer)',
    pattern: '11110010 0Dss nnnn dddd 1000 NQM0 mmmm',
    decode: three(op.VADD_I, ALL),
  },
  {
    name: 'VSUB (integer)',
    pattern: '11110011 0Dss nnnn dddd 1000 NQM0 mmmm',
    decode: three(op.VSUB_I, ALL),
  },
  {
    name: 'VTST',
    pattern: '11110010 0Dss nnnn dddd 1000 NQM1 mmmm',
    decode: three(op.VTST, TO_32),
  },
  {
    name: 'VCEQ',
    pattern: '11110011 0Dss nnnn dddd 1000 NQM1 mmmm',
    decode: three(op.VCEQ, TO_32),
  },
  {
    name: 'VMLA (integer)',
    pattern: '11110010 0Dss nnnn dddd 1001 NQM0 mmmm',
    decode: three(op.VMLA_I, TO_32),
  },
  {
    name: 'VMLS (integer)',
    pattern: '11110011 0Dss nnnn dddd 1001 NQM0 mmmm',
    decode: three(op.VMLS_I, TO_32),
  },
  {
    name: 'VMUL (integer)',
    pattern: '11110010 0Dss nnnn dddd 1001 NQM1 mmmm',
    decode: three(op.VMUL_I, TO_32),
  },
  {
    name: 'VMUL (polynomial)',
    pattern: '11110011 0Dss nnnn dddd 1001 NQM1 mmmm',
    decode: three(op.VMUL_P, ONLY_8),
  },
  {
    name: 'VPMAX',
    pattern: '1111001u 0Dss nnnn dddd 1010 NQM0 mmmm',
    decode: three(op.VPMAX, TO_32, true),
  },
  {
    name: 'VPMIN',
    pattern: '1111001u 0Dss nnnn dddd 1010 NQM1 mmmm',
    decode: three(op.VPMIN, TO_32, true),
  },
  {
    name: 'VQDMULH',
    pattern: '11110010 0Dss nnnn dddd 1011 NQM0 mmmm',
    decode: three(op.VQDMULH, FROM_16_TO_32),
  },
  {
    name: 'VQRDMULH',
    pattern: '11110011 0Dss nnnn dddd 1011 NQM0 mmmm',
    decode: signedThree(op.VQRDMULH, FROM_16_TO_32),
  },
  {
    name: 'VPADD (integer)',
    pattern: '11110010 0Dss nnnn dddd 1011 NQM1 mmmm',
    decode: three(op.VPADD_I, TO_32, true),
  },
  { name: 'VFMA', pattern: '11110010 0D00 nnnn dddd 1100 NQM1 mmmm', decode: float(op.VFMA_V) },
  { name: 'VFMS', pattern: '11110010 0D10 nnnn dddd 1100 NQM1 mmmm', decode: float(op.VFMS_V) },
  {
    name: 'VADD (float)',
    pattern: '11110010 0D00 nnnn dddd 1101 NQM0 mmmm',
    decode: float(op.VADD_V),
  },
  {
    name: 'VSUB (float)',
    pattern: '11110010 0D10 nnnn dddd 1101 NQM0 mmmm',
    decode: float(op.VSUB_V),
  },
  {
    name: 'VPADD (float)',
    pattern: '11110011 0D00 nnnn dddd 1101 NQM0 mmmm',
    decode: float(op.VPADD_V, true),
  },
  {
    name: 'VABD (float)',
    pattern: '11110011 0D10 nnnn dddd 1101 NQM0 mmmm',
    decode: float(op.VABD_V),
  },
  {
    name: 'VMLA (float)',
    pattern: '11110010 0D00 nnnn dddd 1101 NQM1 mmmm',
    decode: float(op.VMLA_V),
  },
  {
    name: 'VMLS (float)',
    pattern: '11110010 0D10 nnnn dddd 1101 NQM1 mmmm',
    decode: float(op.VMLS_V),
  },
  {
    name: 'VMUL (float)',
    pattern: '11110011 0D00 nnnn dddd 1101 NQM1 mmmm',
    decode: float(op.VMUL_V),
  },
  {
    name: 'VCEQ (float)',
    pattern: '11110010 0D00 nnnn dddd 1110 NQM0 mmmm',
    decode: float(op.VCEQ_V),
  },
  {
    name: 'VCGE (float)',
    pattern: '11110011 0D00 nnnn dddd 1110 NQM0 mmmm',
    decode: float(op.VCGE_V),
  },
  {
    name: 'VCGT (float)',
    pattern: '11110011 0D10 nnnn dddd 1110 NQM0 mmmm',
    decode: float(op.VCGT_V),
  },
  { name: 'VACGE', pattern: '11110011 0D00 nnnn dddd 1110 NQM1 mmmm', decode: float(op.VACGE_V) },
  { name: 'VACGT', pattern: '11110011 0D10 nnnn dddd 1110 NQM1 mmmm', decode: float(op.VACGT_V) },
  {
    name: 'VMAX (float)',
    pattern: '11110010 0D00 nnnn dddd 1111 NQM0 mmmm',
    decode: float(op.VMAX_V),
  },
  {
    name: 'VMIN (float)',
    pattern: '11110010 0D10 nnnn dddd 1111 NQM0 mmmm',
    decode: float(op.VMIN_V),
  },
  {
    name: 'VPMAX (float)',
    pattern: '11110011 0D00 nnnn dddd 1111 NQM0 mmmm',
    decode: float(op.VPMAX_V, true),
  },
  {
    name: 'VPMIN (float)',
    pattern: '11110011 0D10 nnnn dddd 1111 NQM0 mmmm',
    decode: float(op.VPMIN_V, true),
  },
  { name: 'VRECPS', pattern: '11110010 0D00 nnnn dddd 1111 NQM1 mmmm', decode: float(op.VRECPS) },
  { name: 'VRSQRTS', pattern: '11110010 0D10 nnnn dddd 1111 NQM1 mmmm', decode: float(op.VRSQRTS) },
  { name: 'VMAXNM, VMINNM (vector)', pattern: '11110011 0Dx0 nnnn dddd 1111 NQM1 mmmm' },
  { name: 'SHA1, SHA256', pattern: '1111001x 0Dxx nnnn dddd 1100 NQM0 mmmm' },
];

/** Decodes an operation on signed elements whose encoding includes bit 24. */
function signedThree(number: number, sizes: number): Decode {
  const decode = three(number, sizes);
  return (emitter, word) => {
    decode(emitter, word & ~0x01000000);
  };
}

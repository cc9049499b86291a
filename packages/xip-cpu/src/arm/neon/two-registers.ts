import type { Emitter } from '../emitter.js';
import { bit, bits, type Encoding } from '../encoding.js';
import * as op from '../operations.js';
import {
  QUAD,
  TEMPORARY,
  UNSIGNED,
  emitVectors,
  isOdd,
  isQuad,
  vectorD,
  vectorM,
  vectorN,
} from './registers.js';

type Decode = (emitter: Emitter, word: number) => void;

function size(word: number): number {
  return bits(word, 18, 2);
}

interface Form {
  /** The element sizes that exist, as a set of bits. */
  readonly sizes: number;
  readonly imm?: number;
  readonly isUnsigned?: boolean;
  /** Whether both registers are written. */
  readonly exchanges?: boolean;
}

/** D = f(M). */
function two(
  number: number,
  { sizes, imm = 0, isUnsigned = false, exchanges = false }: Form,
): Decode {
  return (emitter, word) => {
    const d = vectorD(word);
    const m = vectorM(word);
    const wide = isQuad(word);
    if (isOdd(wide, d, m) || ((sizes >> size(word)) & 1) === 0) emitter.illegal(word);
    else if (exchanges && d === m && number !== op.VSWP) emitter.unpredictable(word);
    else {
      const aux = size(word) | (isUnsigned ? UNSIGNED : 0) | (wide ? QUAD : 0);
      emitVectors(emitter, number, { d, m, imm, aux });
    }
  };
}

/** Decodes a comparison with zero; `swap` makes zero the first operand. */
function withZero(integer: number, float: number, swap = false): Decode {
  return (emitter, word) => {
    const d = vectorD(word);
    const m = vectorM(word);
    const wide = isQuad(word);
    const isFloat = bit(word, 10);
    if (isOdd(wide, d, m) || size(word) === 3 || (isFloat && size(word) !== 2)) {
      emitter.illegal(word);
      return;
    }
    emitVectors(emitter, op.VIMM_V, { d: TEMPORARY, aux: QUAD });
    const operands = swap ? { n: TEMPORARY, m } : { n: m, m: TEMPORARY };
    const aux = size(word) | (wide ? QUAD : 0);
    emitVectors(emitter, isFloat ? float : integer, { d, ...operands, aux });
  };
}

function signOf(integer: number, float: number): Decode {
  return (emitter, word) => {
    const isFloat = bit(word, 10);
    two(isFloat ? float : integer, { sizes: isFloat ? 0b100 : 0b111 })(emitter, word);
  };
}

/** Decodes an estimate. It exists for words only: bit 8 selects singles. */
function estimate(integer: number, float: number): Decode {
  return (emitter, word) => {
    two(bit(word, 8) ? float : integer, { sizes: 0b100 })(emitter, word);
  };
}

/** Decodes an operation that narrows to half the size. */
function narrow(number: number, isUnsigned: boolean): Decode {
  return (emitter, word) => {
    const m = vectorM(word);
    if (isOdd(true, m) || size(word) === 3) emitter.illegal(word);
    else {
      const aux = size(word) | (isUnsigned ? UNSIGNED : 0);
      emitVectors(emitter, number, { d: vectorD(word), n: m, m, aux });
    }
  };
}

function convert(number: number, isUnsigned: boolean): Decode {
  return (emitter, word) => {
    two(number, { sizes: 0b100, isUnsigned })(emitter, word);
  };
}

function half(number: number): Decode {
  return (emitter, word) => {
    const d = vectorD(word);
    const m = vectorM(word);
    const toHalf = number === op.VCVT_HALF_V;
    if (isOdd(toHalf, m) || isOdd(!toHalf, d)) emitter.illegal(word);
    else emitVectors(emitter, number, { d, m, aux: 0 });
  };
}

function table(number: number): Decode {
  return (emitter, word) => {
    const n = vectorN(word);
    const length = bits(word, 8, 2) + 1;
    if (n + length > 32) emitter.unpredictable(word);
    else
      emitVectors(emitter, number, { d: vectorD(word), n, m: vectorM(word), imm: length, aux: 0 });
  };
}

const MISCELLANEOUS: readonly Encoding[] = [
  {
    name: 'VREV64',
    pattern: '11110011 1D11 ss00 dddd 0000 0QM0 mmmm',
    decode: two(op.VREV, { sizes: 0b111, imm: 3 }),
  },
  {
    name: 'VREV32',
    pattern: '11110011 1D11 ss00 dddd 0000 1QM0 mmmm',
    decode: two(op.VREV, { sizes: 0b011, imm: 2 }),
  },
  {
    name: 'VREV16',
    pattern: '11110011 1D11 ss00 dddd 0001 0QM0 mmmm',
    decode: two(op.VREV, { sizes: 0b001, imm: 1 }),
  },
  {
    name: 'VPADDL (signed)',
    pattern: '11110011 1D11 ss00 dddd 0010 0QM0 mmmm',
    decode: two(op.VPADDL, { sizes: 0b111 }),
  },
  {
    name: 'VPADDL (unsigned)',
    pattern: '11110011 1D11 ss00 dddd 0010 1QM0 mmmm',
    decode: two(op.VPADDL, { sizes: 0b111, isUnsigned: true }),
  },
  {
    name: 'VCLS',
    pattern: '11110011 1D11 ss00 dddd 0100 0QM0 mmmm',
    decode: two(op.VCLS, { sizes: 0b111 }),
  },
  {
    name: 'VCLZ',
    pattern: '11110011 1D11 ss00 dddd 0100 1QM0 mmmm',
    decode: two(op.VCLZ, { sizes: 0b111 }),
  },
  {
    name: 'VCNT',
    pattern: '11110011 1D11 ss00 dddd 0101 0QM0 mmmm',
    decode: two(op.VCNT, { sizes: 0b001 }),
  },
  {
    name: 'VMVN (register)',
    pattern: '11110011 1D11 ss00 dddd 0101 1QM0 mmmm',
    decode: two(op.VMVN, { sizes: 0b001 }),
  },
  {
    name: 'VPADAL (signed)',
    pattern: '11110011 1D11 ss00 dddd 0110 0QM0 mmmm',
    decode: two(op.VPADAL, { sizes: 0b111 }),
  },
  {
    name: 'VPADAL (unsigned)',
    pattern: '11110011 1D11 ss00 dddd 0110 1QM0 mmmm',
    decode: two(op.VPADAL, { sizes: 0b111, isUnsigned: true }),
  },
  {
    name: 'VQABS',
    pattern: '11110011 1D11 ss00 dddd 0111 0QM0 mmmm',
    decode: two(op.VQABS, { sizes: 0b111 }),
  },
  {
    name: 'VQNEG',
    pattern: '11110011 1D11 ss00 dddd 0111 1QM0 mmmm',
    decode: two(op.VQNEG, { sizes: 0b111 }),
  },
  {
    name: 'VCGT (zero)',
    pattern: '11110011 1D11 ss01 dddd 0F00 0QM0 mmmm',
    decode: withZero(op.VCGT, op.VCGT_V),
  },
  {
    name: 'VCGE (zero)',
    pattern: '11110011 1D11 ss01 dddd 0F00 1QM0 mmmm',
    decode: withZero(op.VCGE, op.VCGE_V),
  },
  {
    name: 'VCEQ (zero)',
    pattern: '11110011 1D11 ss01 dddd 0F01 0QM0 mmmm',
    decode: withZero(op.VCEQ, op.VCEQ_V),
  },
  {
    name: 'VCLE (zero)',
    pattern: '11110011 1D11 ss01 dddd 0F01 1QM0 mmmm',
    decode: withZero(op.VCGE, op.VCGE_V, true),
  },
  {
    name: 'VCLT (zero)',
    pattern: '11110011 1D11 ss01 dddd 0F10 0QM0 mmmm',
    decode: withZero(op.VCGT, op.VCGT_V, true),
  },
  {
    name: 'VABS (vector)',
    pattern: '11110011 1D11 ss01 dddd 0F11 0QM0 mmmm',
    decode: signOf(op.VABS_I, op.VABS_V),
  },
  {
    name: 'VNEG (vector)',
    pattern: '11110011 1D11 ss01 dddd 0F11 1QM0 mmmm',
    decode: signOf(op.VNEG_I, op.VNEG_V),
  },
  {
    name: 'VSWP',
    pattern: '11110011 1D11 ss10 dddd 0000 0QM0 mmmm',
    decode: two(op.VSWP, { sizes: 0b001, exchanges: true }),
  },
  {
    name: 'VTRN',
    pattern: '11110011 1D11 ss10 dddd 0000 1QM0 mmmm',
    decode: two(op.VTRN, { sizes: 0b111, exchanges: true }),
  },
  { name: 'VUZP', pattern: '11110011 1D11 ss10 dddd 0001 0QM0 mmmm', decode: shuffle(op.VUZP) },
  { name: 'VZIP', pattern: '11110011 1D11 ss10 dddd 0001 1QM0 mmmm', decode: shuffle(op.VZIP) },
  {
    name: 'VMOVN',
    pattern: '11110011 1D11 ss10 dddd 0010 00M0 mmmm',
    decode: narrow(op.VMOVN, false),
  },
  {
    name: 'VQMOVUN',
    pattern: '11110011 1D11 ss10 dddd 0010 01M0 mmmm',
    decode: narrow(op.VQMOVUN, false),
  },
  {
    name: 'VQMOVN (signed)',
    pattern: '11110011 1D11 ss10 dddd 0010 10M0 mmmm',
    decode: narrow(op.VQMOVN, false),
  },
  {
    name: 'VQMOVN (unsigned)',
    pattern: '11110011 1D11 ss10 dddd 0010 11M0 mmmm',
    decode: narrow(op.VQMOVN, true),
  },
  {
    name: 'VSHLL (by the size)',
    pattern: '11110011 1D11 ss10 dddd 0011 00M0 mmmm',
    decode: shiftBySize,
  },
  {
    name: 'VCVT (to half, vector)',
    pattern: '11110011 1D11 0110 dddd 0110 00M0 mmmm',
    decode: half(op.VCVT_HALF_V),
  },
  {
    name: 'VCVT (from half, vector)',
    pattern: '11110011 1D11 0110 dddd 0111 00M0 mmmm',
    decode: half(op.VCVT_V_HALF),
  },
  {
    name: 'VRECPE',
    pattern: '11110011 1D11 ss11 dddd 010F 0QM0 mmmm',
    decode: estimate(op.VRECPE_I, op.VRECPE_V),
  },
  {
    name: 'VRSQRTE',
    pattern: '11110011 1D11 ss11 dddd 010F 1QM0 mmmm',
    decode: estimate(op.VRSQRTE_I, op.VRSQRTE_V),
  },
  {
    name: 'VCVT (from signed, vector)',
    pattern: '11110011 1D11 ss11 dddd 0110 0QM0 mmmm',
    decode: convert(op.VCVT_V_INT, false),
  },
  {
    name: 'VCVT (from unsigned, vector)',
    pattern: '11110011 1D11 ss11 dddd 0110 1QM0 mmmm',
    decode: convert(op.VCVT_V_INT, true),
  },
  {
    name: 'VCVT (to signed, vector)',
    pattern: '11110011 1D11 ss11 dddd 0111 0QM0 mmmm',
    decode: convert(op.VCVT_INT_V, false),
  },
  {
    name: 'VCVT (to unsigned, vector)',
    pattern: '11110011 1D11 ss11 dddd 0111 1QM0 mmmm',
    decode: convert(op.VCVT_INT_V, true),
  },
  {
    name: 'AES, SHA, VRINT and VCVTA to VCVTM of ARMv8 (vector)',
    pattern: '11110011 1D11 xxxx dddd 0xxx xxM0 mmmm',
  },
];

/** Decodes VUZP and VZIP. For two words they are VTRN, and not encoded themselves. */
function shuffle(number: number): Decode {
  return (emitter, word) => {
    two(number, { sizes: isQuad(word) ? 0b111 : 0b011, exchanges: true })(emitter, word);
  };
}

function shiftBySize(emitter: Emitter, word: number): void {
  const d = vectorD(word);
  const m = vectorM(word);
  if (isOdd(true, d) || size(word) === 3) emitter.illegal(word);
  else emitVectors(emitter, op.VSHLL, { d, m, n: m, imm: 8 << size(word), aux: size(word) });
}

export const TWO_REGISTERS: readonly Encoding[] = [
  {
    name: 'VEXT',
    pattern: '11110010 1D11 nnnn dddd iiii NQM0 mmmm',
    decode: (emitter, word) => {
      const d = vectorD(word);
      const n = vectorN(word);
      const m = vectorM(word);
      const wide = isQuad(word);
      const from = bits(word, 8, 4);
      if (isOdd(wide, d, n, m) || (!wide && from > 7)) emitter.illegal(word);
      else emitVectors(emitter, op.VEXT, { d, n, m, imm: from, aux: wide ? QUAD : 0 });
    },
  },
  { name: 'VTBL', pattern: '11110011 1D11 nnnn dddd 10ll N0M0 mmmm', decode: table(op.VTBL) },
  { name: 'VTBX', pattern: '11110011 1D11 nnnn dddd 10ll N1M0 mmmm', decode: table(op.VTBX) },
  {
    name: 'VDUP (scalar)',
    pattern: '11110011 1D11 iiii dddd 1100 0QM0 mmmm',
    decode: (emitter, word) => {
      const field = bits(word, 16, 4);
      const elementSize = field & 1 ? 0 : field & 2 ? 1 : 2;
      const index = field >> (elementSize + 1);
      const d = vectorD(word);
      const wide = isQuad(word);
      if ((field & 7) === 0 || isOdd(wide, d)) emitter.illegal(word);
      else {
        const imm = vectorM(word) * 8 + (index << elementSize);
        emitVectors(emitter, op.VDUP, { d, imm, aux: elementSize | (wide ? QUAD : 0) });
      }
    },
  },
  ...MISCELLANEOUS,
];

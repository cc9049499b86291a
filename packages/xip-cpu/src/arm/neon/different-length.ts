import type { Emitter } from '../emitter.js';
import { bit, bits, type Encoding } from '../encoding.js';
import * as op from '../operations.js';
import {
  QUAD,
  TEMPORARY,
  UNSIGNED,
  emitVectors,
  isOdd,
  vectorD,
  vectorM,
  vectorN,
} from './registers.js';

type Decode = (emitter: Emitter, word: number) => void;

/** Says which operands are quadwords. */
interface Shape {
  readonly wideD?: boolean;
  readonly wideN?: boolean;
  readonly wideM?: boolean;
}

const LONG: Shape = { wideD: true };
const WIDE: Shape = { wideD: true, wideN: true };
const NARROW: Shape = { wideN: true, wideM: true };

function size(word: number): number {
  return bits(word, 20, 2);
}

/** @param sizes a set of bits. @param hasSign whether bit 24 is the sign. */
function three(
  number: number,
  { wideD = false, wideN = false, wideM = false }: Shape,
  sizes = 0b111,
  hasSign = true,
): Decode {
  return (emitter, word) => {
    const d = vectorD(word);
    const n = vectorN(word);
    const m = vectorM(word);
    const odd = isOdd(wideD, d) || isOdd(wideN, n) || isOdd(wideM, m);
    if (odd || ((sizes >> size(word)) & 1) === 0) {
      emitter.illegal(word);
      return;
    }
    const aux = size(word) | (hasSign && bit(word, 24) ? UNSIGNED : 0);
    emitVectors(emitter, number, { d, n, m, aux });
  };
}

export const DIFFERENT_LENGTH: readonly Encoding[] = [
  {
    name: 'VADDL',
    pattern: '1111001u 1Dss nnnn dddd 0000 N0M0 mmmm',
    decode: three(op.VADDL, LONG),
  },
  {
    name: 'VADDW',
    pattern: '1111001u 1Dss nnnn dddd 0001 N0M0 mmmm',
    decode: three(op.VADDW, WIDE),
  },
  {
    name: 'VSUBL',
    pattern: '1111001u 1Dss nnnn dddd 0010 N0M0 mmmm',
    decode: three(op.VSUBL, LONG),
  },
  {
    name: 'VSUBW',
    pattern: '1111001u 1Dss nnnn dddd 0011 N0M0 mmmm',
    decode: three(op.VSUBW, WIDE),
  },
  {
    name: 'VADDHN',
    pattern: '11110010 1Dss nnnn dddd 0100 N0M0 mmmm',
    decode: three(op.VADDHN, NARROW),
  },
  {
    name: 'VRADDHN',
    pattern: '11110011 1Dss nnnn dddd 0100 N0M0 mmmm',
    decode: three(op.VRADDHN, NARROW),
  },
  {
    name: 'VABAL',
    pattern: '1111001u 1Dss nnnn dddd 0101 N0M0 mmmm',
    decode: three(op.VABAL, LONG),
  },
  {
    name: 'VSUBHN',
    pattern: '11110010 1Dss nnnn dddd 0110 N0M0 mmmm',
    decode: three(op.VSUBHN, NARROW),
  },
  {
    name: 'VRSUBHN',
    pattern: '11110011 1Dss nnnn dddd 0110 N0M0 mmmm',
    decode: three(op.VRSUBHN, NARROW),
  },
  {
    name: 'VABDL',
    pattern: '1111001u 1Dss nnnn dddd 0111 N0M0 mmmm',
    decode: three(op.VABDL, LONG),
  },
  {
    name: 'VMLAL',
    pattern: '1111001u 1Dss nnnn dddd 1000 N0M0 mmmm',
    decode: three(op.VMLAL, LONG),
  },
  {
    name: 'VQDMLAL',
    pattern: '11110010 1Dss nnnn dddd 1001 N0M0 mmmm',
    decode: three(op.VQDMLAL, LONG, 0b110),
  },
  {
    name: 'VMLSL',
    pattern: '1111001u 1Dss nnnn dddd 1010 N0M0 mmmm',
    decode: three(op.VMLSL, LONG),
  },
  {
    name: 'VQDMLSL',
    pattern: '11110010 1Dss nnnn dddd 1011 N0M0 mmmm',
    decode: three(op.VQDMLSL, LONG, 0b110),
  },
  {
    name: 'VMULL',
    pattern: '1111001u 1Dss nnnn dddd 1100 N0M0 mmmm',
    decode: three(op.VMULL, LONG),
  },
  {
    name: 'VQDMULL',
    pattern: '11110010 1Dss nnnn dddd 1101 N0M0 mmmm',
    decode: three(op.VQDMULL, LONG, 0b110),
  },
  {
    name: 'VMULL (polynomial)',
    pattern: '11110010 1Dss nnnn dddd 1110 N0M0 mmmm',
    decode: three(op.VMULL_P, LONG, 0b001),
  },
];

/** Copies the scalar that M names to all elements: 16 bits in D0 to D7, 32 bits in D0 to D15. */
function spread(emitter: Emitter, word: number): void {
  const isHalf = size(word) === 1;
  const register = isHalf ? word & 7 : word & 15;
  const index = isHalf ? (bits(word, 5, 1) << 1) | bits(word, 3, 1) : bits(word, 5, 1);
  const imm = register * 8 + (index << size(word));
  emitVectors(emitter, op.VDUP, { d: TEMPORARY, imm, aux: size(word) | QUAD });
}

/** Decodes a scalar operation on vectors of the same length; bit 24 is Q. */
function sameScalar(number: number, isFloat: boolean): Decode {
  return (emitter, word) => {
    const wide = bit(word, 24);
    const d = vectorD(word);
    const n = vectorN(word);
    const hasSize = size(word) === 2 || (size(word) === 1 && !isFloat);
    if (isOdd(wide, d, n) || !hasSize) {
      emitter.illegal(word);
      return;
    }
    spread(emitter, word);
    emitVectors(emitter, number, { d, n, m: TEMPORARY, aux: size(word) | (wide ? QUAD : 0) });
  };
}

function longScalar(number: number): Decode {
  return (emitter, word) => {
    const d = vectorD(word);
    if (isOdd(true, d) || size(word) === 0) {
      emitter.illegal(word);
      return;
    }
    spread(emitter, word);
    const aux = size(word) | (bit(word, 24) ? UNSIGNED : 0);
    emitVectors(emitter, number, { d, n: vectorN(word), m: TEMPORARY, aux });
  };
}

export const SCALAR: readonly Encoding[] = [
  {
    name: 'VMLA (scalar)',
    pattern: '1111001Q 1Dss nnnn dddd 0000 N1M0 mmmm',
    decode: sameScalar(op.VMLA_I, false),
  },
  {
    name: 'VMLA (float scalar)',
    pattern: '1111001Q 1Dss nnnn dddd 0001 N1M0 mmmm',
    decode: sameScalar(op.VMLA_V, true),
  },
  {
    name: 'VMLAL (scalar)',
    pattern: '1111001u 1Dss nnnn dddd 0010 N1M0 mmmm',
    decode: longScalar(op.VMLAL),
  },
  {
    name: 'VQDMLAL (scalar)',
    pattern: '11110010 1Dss nnnn dddd 0011 N1M0 mmmm',
    decode: longScalar(op.VQDMLAL),
  },
  {
    name: 'VMLS (scalar)',
    pattern: '1111001Q 1Dss nnnn dddd 0100 N1M0 mmmm',
    decode: sameScalar(op.VMLS_I, false),
  },
  {
    name: 'VMLS (float scalar)',
    pattern: '1111001Q 1Dss nnnn dddd 0101 N1M0 mmmm',
    decode: sameScalar(op.VMLS_V, true),
  },
  {
    name: 'VMLSL (scalar)',
    pattern: '1111001u 1Dss nnnn dddd 0110 N1M0 mmmm',
    decode: longScalar(op.VMLSL),
  },
  {
    name: 'VQDMLSL (scalar)',
    pattern: '11110010 1Dss nnnn dddd 0111 N1M0 mmmm',
    decode: longScalar(op.VQDMLSL),
  },
  {
    name: 'VMUL (scalar)',
    pattern: '1111001Q 1Dss nnnn dddd 1000 N1M0 mmmm',
    decode: sameScalar(op.VMUL_I, false),
  },
  {
    name: 'VMUL (float scalar)',
    pattern: '1111001Q 1Dss nnnn dddd 1001 N1M0 mmmm',
    decode: sameScalar(op.VMUL_V, true),
  },
  {
    name: 'VMULL (scalar)',
    pattern: '1111001u 1Dss nnnn dddd 1010 N1M0 mmmm',
    decode: longScalar(op.VMULL),
  },
  {
    name: 'VQDMULL (scalar)',
    pattern: '11110010 1Dss nnnn dddd 1011 N1M0 mmmm',
    decode: longScalar(op.VQDMULL),
  },
  {
    name: 'VQDMULH (scalar)',
    pattern: '1111001Q 1Dss nnnn dddd 1100 N1M0 mmmm',
    decode: sameScalar(op.VQDMULH, false),
  },
  {
    name: 'VQRDMULH (scalar)',
    pattern: '1111001Q 1Dss nnnn dddd 1101 N1M0 mmmm',
    decode: sameScalar(op.VQRDMULH, false),
  },
];

import type { Emitter } from '../emitter.js';
import { longResult, threeOperands } from '../emit/multiply.js';
import { bit, bits, type Encoding } from '../encoding.js';
import * as op from '../operations.js';

/** Returns Rd, Rn, Rm and Ra of a multiplication, or its RdHi and RdLo. */
function registers(word: number): { d: number; a: number; m: number; n: number } {
  return { d: bits(word, 16, 4), a: bits(word, 12, 4), m: bits(word, 8, 4), n: word & 15 };
}

type Decode = (emitter: Emitter, word: number) => void;

function product(number: number, flagsNumber = number): Decode {
  return (emitter, word) => {
    const { d, n, m } = registers(word);
    threeOperands(emitter, word, bit(word, 20) ? flagsNumber : number, { d, n, m });
  };
}

function accumulate(number: number, flagsNumber = number): Decode {
  return (emitter, word) => {
    threeOperands(emitter, word, bit(word, 20) ? flagsNumber : number, registers(word));
  };
}

function long(number: number, flagsNumber = number): Decode {
  return (emitter, word) => {
    const { d, a, n, m } = registers(word);
    longResult(emitter, word, bit(word, 20) ? flagsNumber : number, { high: d, low: a, n, m });
  };
}

/** Returns which halves of N (bit 5) and M (bit 6) are multiplied. */
function halves(word: number): number {
  return bits(word, 5, 2);
}

export const MULTIPLY: readonly Encoding[] = [
  {
    name: 'MUL',
    pattern: 'cccc 0000000 s dddd 0000 mmmm 1001 nnnn',
    decode: product(op.MUL, op.MULS),
  },
  {
    name: 'MLA',
    pattern: 'cccc 0000001 s dddd aaaa mmmm 1001 nnnn',
    decode: accumulate(op.MLA, op.MLAS),
  },
  { name: 'UMAAL', pattern: 'cccc 00000100 hhhh llll mmmm 1001 nnnn', decode: long(op.UMAAL) },
  { name: 'MLS', pattern: 'cccc 00000110 dddd aaaa mmmm 1001 nnnn', decode: accumulate(op.MLS) },
  {
    name: 'UMULL',
    pattern: 'cccc 0000100 s hhhh llll mmmm 1001 nnnn',
    decode: long(op.UMULL, op.UMULLS),
  },
  {
    name: 'UMLAL',
    pattern: 'cccc 0000101 s hhhh llll mmmm 1001 nnnn',
    decode: long(op.UMLAL, op.UMLALS),
  },
  {
    name: 'SMULL',
    pattern: 'cccc 0000110 s hhhh llll mmmm 1001 nnnn',
    decode: long(op.SMULL, op.SMULLS),
  },
  {
    name: 'SMLAL',
    pattern: 'cccc 0000111 s hhhh llll mmmm 1001 nnnn',
    decode: long(op.SMLAL, op.SMLALS),
  },
  {
    name: 'SMLA<x><y>',
    pattern: 'cccc 00010000 dddd aaaa mmmm 1yx0 nnnn',
    decode: (emitter, word) => {
      threeOperands(emitter, word, op.SMLAXY, { ...registers(word), aux: halves(word) });
    },
  },
  {
    name: 'SMLAW<y>',
    pattern: 'cccc 00010010 dddd aaaa mmmm 1y00 nnnn',
    decode: (emitter, word) => {
      threeOperands(emitter, word, op.SMLAWY, { ...registers(word), aux: halves(word) });
    },
  },
  {
    name: 'SMULW<y>',
    pattern: 'cccc 00010010 dddd 0000 mmmm 1y10 nnnn',
    decode: (emitter, word) => {
      const { d, n, m } = registers(word);
      threeOperands(emitter, word, op.SMULWY, { d, n, m, aux: halves(word) });
    },
  },
  {
    name: 'SMLAL<x><y>',
    pattern: 'cccc 00010100 hhhh llll mmmm 1yx0 nnnn',
    decode: (emitter, word) => {
      const { d, a, n, m } = registers(word);
      longResult(emitter, word, op.SMLALXY, { high: d, low: a, n, m, aux: halves(word) });
    },
  },
  {
    name: 'SMUL<x><y>',
    pattern: 'cccc 00010110 dddd 0000 mmmm 1yx0 nnnn',
    decode: (emitter, word) => {
      const { d, n, m } = registers(word);
      threeOperands(emitter, word, op.SMULXY, { d, n, m, aux: halves(word) });
    },
  },
];

/**
 * Decodes a pair of products, with the halves of M exchanged (bit 5), with or without an
 * accumulator.
 */
function dual(alone: number, accumulating: number): Decode {
  return (emitter, word) => {
    const { d, a, n, m } = registers(word);
    const aux = bits(word, 5, 1);
    if (a === 15) threeOperands(emitter, word, alone, { d, n, m, aux });
    else threeOperands(emitter, word, accumulating, { d, n, m, a, aux });
  };
}

function dualLong(number: number): Decode {
  return (emitter, word) => {
    const { d, a, n, m } = registers(word);
    longResult(emitter, word, number, { high: d, low: a, n, m, aux: bits(word, 5, 1) });
  };
}

function divide(number: number): Decode {
  return (emitter, word) => {
    const { d, n, m } = registers(word);
    threeOperands(emitter, word, number, { d, n, m });
  };
}

/** Decodes a multiplication that keeps the most significant word; bit 5 rounds. */
function upper(number: number): Decode {
  return (emitter, word) => {
    const { d, a, n, m } = registers(word);
    const aux = bits(word, 5, 1);
    if (a !== 15) threeOperands(emitter, word, number, { d, n, m, a, aux });
    else if (number === op.SMMLA) threeOperands(emitter, word, number, { d, n, m, aux });
    else emitter.illegal(word);
  };
}

/** Multiplications that are encoded among the media instructions. */
export const SIGNED_MULTIPLY: readonly Encoding[] = [
  {
    name: 'SMLAD, SMUAD',
    pattern: 'cccc 01110000 dddd aaaa mmmm 00x1 nnnn',
    decode: dual(op.SMUAD, op.SMLAD),
  },
  {
    name: 'SMLSD, SMUSD',
    pattern: 'cccc 01110000 dddd aaaa mmmm 01x1 nnnn',
    decode: dual(op.SMUSD, op.SMLSD),
  },
  { name: 'SDIV', pattern: 'cccc 01110001 dddd 1111 mmmm 0001 nnnn', decode: divide(op.SDIV) },
  { name: 'UDIV', pattern: 'cccc 01110011 dddd 1111 mmmm 0001 nnnn', decode: divide(op.UDIV) },
  {
    name: 'SMLALD',
    pattern: 'cccc 01110100 hhhh llll mmmm 00x1 nnnn',
    decode: dualLong(op.SMLALD),
  },
  {
    name: 'SMLSLD',
    pattern: 'cccc 01110100 hhhh llll mmmm 01x1 nnnn',
    decode: dualLong(op.SMLSLD),
  },
  {
    name: 'SMMLA, SMMUL',
    pattern: 'cccc 01110101 dddd aaaa mmmm 00r1 nnnn',
    decode: upper(op.SMMLA),
  },
  { name: 'SMMLS', pattern: 'cccc 01110101 dddd aaaa mmmm 11r1 nnnn', decode: upper(op.SMMLS) },
  {
    name: 'USADA8, USAD8',
    pattern: 'cccc 01111000 dddd aaaa mmmm 0001 nnnn',
    decode: (emitter, word) => {
      const { d, a, n, m } = registers(word);
      threeOperands(emitter, word, op.USADA8, a === 15 ? { d, n, m } : { d, n, m, a });
    },
  },
];
